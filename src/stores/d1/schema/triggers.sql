-- The views and triggers of D1 as they are now, in the words of their newest migration. Drizzle has no words for them. A
-- migration that changes one changes it here too: test/stores/d1/schema.test.ts compares this file with the migrated database.

-- A guard in a batch: INSERT INTO guard (name, holds) VALUES ('run_active', <condition>). If the condition does not hold, the
-- insert fails with the guard's name, and the whole batch is rolled back.
CREATE VIEW `guard` AS SELECT NULL AS name, NULL AS holds WHERE FALSE;

CREATE TRIGGER `guard_run_active` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'run_active' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:run_active'); END;

CREATE TRIGGER `guard_first_points` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'first_points' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:first_points'); END;

CREATE TRIGGER `guard_location_free` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'location_free' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:location_free'); END;

CREATE TRIGGER `guard_not_purged` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'not_purged' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;

-- One statement creates a run with its first tags: `tags` is a JSON list of [key, value]. With `live_epoch` the run is live from
-- the beginning, and its object has all of its points.
CREATE VIEW `new_runs` AS
SELECT run_id, experiment_id, run_name, user_id, start_time, artifact_uri, NULL AS tags, cell, live_epoch FROM runs WHERE FALSE;

CREATE TRIGGER `new_runs_insert` INSTEAD OF INSERT ON `new_runs`
BEGIN
  INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage,
    has_object, cell, live_epoch)
  VALUES (NEW.run_id, NEW.experiment_id, NEW.run_name, NEW.user_id, 'RUNNING', NEW.start_time, NEW.artifact_uri, 'active',
    NEW.live_epoch IS NOT NULL, coalesce(NEW.cell, ''), NEW.live_epoch);
  INSERT INTO tags (run_id, key, value, experiment_id)
  SELECT NEW.run_id, value ->> 0, value ->> 1, NEW.experiment_id FROM json_each(NEW.tags);
END;

-- A logged param never changes its value.
CREATE TRIGGER `params_immutable` BEFORE UPDATE ON `params` WHEN NEW.value IS NOT OLD.value
BEGIN SELECT RAISE(ABORT, 'guard:param_unchanged'); END;

-- The object of a run marks the run live. From then on the run has an object, whichever version of the object makes the mark.
CREATE TRIGGER `runs_mark_object` AFTER UPDATE OF `live_epoch` ON `runs` WHEN NEW.live_epoch IS NOT NULL AND NOT NEW.has_object
BEGIN UPDATE runs SET has_object = TRUE WHERE run_id = NEW.run_id; END;

-- The stored document of a run shows the run as it is, or is absent.
CREATE TRIGGER `tags_insert_document` AFTER INSERT ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `tags_update_document` AFTER UPDATE ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `tags_delete_document` AFTER DELETE ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = OLD.run_id; END;

CREATE TRIGGER `params_insert_document` AFTER INSERT ON `params`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `latest_metrics_insert_document` AFTER INSERT ON `latest_metrics`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `latest_metrics_update_document` AFTER UPDATE ON `latest_metrics`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `inputs_insert_document` AFTER INSERT ON `inputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `input_tags_insert_document` AFTER INSERT ON `input_tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `model_inputs_insert_document` AFTER INSERT ON `model_inputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `model_outputs_insert_document` AFTER INSERT ON `model_outputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

CREATE TRIGGER `model_outputs_update_document` AFTER UPDATE ON `model_outputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;

-- Counts of an experiment's runs. They are null until the list of experiments has counted the runs once; a null stays null.
CREATE TRIGGER `runs_insert_count` AFTER INSERT ON `runs`
BEGIN
  UPDATE experiments SET
    active_runs = active_runs + (NEW.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs + (NEW.lifecycle_stage = 'deleted'),
    running_runs = running_runs + (NEW.lifecycle_stage = 'active' AND NEW.status = 'RUNNING')
  WHERE experiment_id = NEW.experiment_id AND active_runs IS NOT NULL;
END;

CREATE TRIGGER `runs_update_count` AFTER UPDATE OF `experiment_id`, `lifecycle_stage`, `status` ON `runs`
WHEN (OLD.experiment_id, OLD.lifecycle_stage, OLD.status = 'RUNNING')
  IS NOT (NEW.experiment_id, NEW.lifecycle_stage, NEW.status = 'RUNNING')
BEGIN
  UPDATE experiments SET
    active_runs = active_runs + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'active')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'deleted')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'deleted'),
    running_runs = running_runs
      + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'active' AND NEW.status = 'RUNNING')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'active' AND OLD.status = 'RUNNING')
  WHERE experiment_id IN (OLD.experiment_id, NEW.experiment_id) AND active_runs IS NOT NULL;
END;

CREATE TRIGGER `runs_delete_count` AFTER DELETE ON `runs`
BEGIN
  UPDATE experiments SET
    active_runs = active_runs - (OLD.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs - (OLD.lifecycle_stage = 'deleted'),
    running_runs = running_runs - (OLD.lifecycle_stage = 'active' AND OLD.status = 'RUNNING')
  WHERE experiment_id = OLD.experiment_id AND active_runs IS NOT NULL;
END;

-- While a thing is being deleted for good, nothing takes its id: an import under that id would lose its rows.
CREATE TRIGGER `experiments_insert_purged` BEFORE INSERT ON `experiments`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;

CREATE TRIGGER `runs_insert_purged` BEFORE INSERT ON `runs`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'run' AND id = NEW.run_id)
  OR EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;

CREATE TRIGGER `logged_models_insert_purged` BEFORE INSERT ON `logged_models`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'logged_model' AND id = NEW.model_id)
  OR EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;

-- While an experiment is being deleted for good, none of its runs is restored.
CREATE TRIGGER `runs_restore_purged` BEFORE UPDATE OF `lifecycle_stage` ON `runs`
WHEN NEW.lifecycle_stage = 'active'
  AND EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(IGNORE); END;

-- The grants of one user are those of a role that only this user has.
CREATE TRIGGER `users_insert_role` AFTER INSERT ON `users`
BEGIN
  INSERT INTO roles (name, owner_id) VALUES ('__user_' || NEW.user_id || '__', NEW.user_id);
  INSERT INTO user_roles (user_id, role_id) SELECT NEW.user_id, role_id FROM roles WHERE owner_id = NEW.user_id;
END;

CREATE TRIGGER `users_delete_grants` AFTER DELETE ON `users`
BEGIN
  DELETE FROM role_permissions WHERE role_id IN (SELECT role_id FROM roles WHERE owner_id = OLD.user_id);
  DELETE FROM user_roles WHERE user_id = OLD.user_id;
  DELETE FROM roles WHERE owner_id = OLD.user_id;
END;

-- Grants, tokens, sign-ins and identities end with what they belong to.
CREATE TRIGGER `roles_delete_grants` AFTER DELETE ON `roles`
BEGIN
  DELETE FROM role_permissions WHERE role_id = OLD.role_id;
  DELETE FROM user_roles WHERE role_id = OLD.role_id;
END;

CREATE TRIGGER `registered_models_delete_grants` AFTER DELETE ON `registered_models`
BEGIN
  DELETE FROM role_permissions
  WHERE resource_type IN ('registered_model', 'prompt') AND resource_pattern = CAST(OLD.registered_model_id AS TEXT);
END;

CREATE TRIGGER `users_delete_tokens` AFTER DELETE ON `users`
BEGIN
  DELETE FROM api_tokens WHERE user_id = OLD.user_id;
END;

CREATE TRIGGER `users_delete_sign_ins` AFTER DELETE ON `users`
BEGIN
  DELETE FROM sign_ins WHERE user_id = OLD.user_id;
END;

CREATE TRIGGER `users_delete_identities` AFTER DELETE ON `users`
BEGIN
  DELETE FROM user_identities WHERE user_id = OLD.user_id;
END;

-- A new password changes the stamp of the user, and ends all sign-ins of the user.
CREATE TRIGGER `users_stamp_sign_ins` AFTER UPDATE OF `stamp` ON `users` WHEN NEW.stamp IS NOT OLD.stamp
BEGIN
  DELETE FROM sign_ins WHERE user_id = OLD.user_id;
END;

-- A link ends with its maker, and with the one thing that it shows. A link to several runs still shows the other runs.
CREATE TRIGGER `users_delete_links` AFTER DELETE ON `users`
BEGIN
  DELETE FROM links WHERE user_id = OLD.user_id;
END;

CREATE TRIGGER `experiments_delete_links` AFTER DELETE ON `experiments`
BEGIN
  DELETE FROM links WHERE experiment_ids IS NOT NULL AND experiment_ids = json_array(CAST(OLD.experiment_id AS TEXT));
END;

CREATE TRIGGER `runs_delete_links` AFTER DELETE ON `runs`
BEGIN
  DELETE FROM links WHERE run_ids IS NOT NULL AND run_ids = json_array(OLD.run_id);
END;

CREATE TRIGGER `logged_models_delete_links` AFTER DELETE ON `logged_models`
BEGIN
  DELETE FROM links WHERE model_id IS NOT NULL AND model_id = OLD.model_id;
END;

-- Entries of the audit log never change.
CREATE TRIGGER `audit_log_no_update` BEFORE UPDATE ON `audit_log`
BEGIN
  SELECT RAISE(ABORT, 'the audit log is added to and never changed');
END;

CREATE TRIGGER `audit_log_no_delete` BEFORE DELETE ON `audit_log`
BEGIN
  SELECT RAISE(ABORT, 'the audit log is added to and never changed');
END;
