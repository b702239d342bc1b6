/** The tag in which MLflow keeps a copy of a run's name, and by which it searches for the name. */
export const RUN_NAME_TAG = "mlflow.runName";

const ADJECTIVES =
  "able amber bold brave bright brisk calm clever cosmic crisp curious eager early fair famous fancy fast fine fleet gentle glad golden grand happy honest humble jolly keen kind light lively loud lucky mellow merry mighty neat nimble noble polite proud quick quiet rapid rare royal silent sincere smooth snappy steady stoic sunny swift tidy upbeat vivid warm wise witty young".split(
    " ",
  );
const NOUNS =
  "ant ape auk bass bat bear bee bird boar bug calf carp cat cod colt cow crab crane crow deer doe dog dove duck eel elk fawn finch fish flea fly foal fox frog gnat goat goose grouse gull hare hawk hen hog horse jay kit koi lamb lark loon lynx mare mink mole moose moth mouse mule newt owl panda perch pig pug quail ram rat ray robin seal shad shark sheep shrew skink slug smelt snail snake sow squid stag stork swan tern toad trout vole wasp whale wolf worm wren yak zebra".split(
    " ",
  );

/** A name for a run that was created without one, in MLflow's form `adjective-noun-number`. */
export function randomRunName(): string {
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${Math.floor(Math.random() * 1000)}`;
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}
