ALTER TABLE `run_documents` ADD `stamp` integer;--> statement-breakpoint
UPDATE run_documents SET stamp = random() & 9007199254740991;
