ALTER TABLE `run_documents` ADD `stamp` integer;--> statement-breakpoint
UPDATE run_documents SET stamp = random() & 9007199254740991;--> statement-breakpoint
-- Whoever has a document of the same stamp has the same text.
CREATE TRIGGER `run_documents_insert_stamp` AFTER INSERT ON `run_documents`
BEGIN UPDATE run_documents SET stamp = random() & 9007199254740991 WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `run_documents_update_stamp` AFTER UPDATE OF `document` ON `run_documents`
BEGIN UPDATE run_documents SET stamp = random() & 9007199254740991 WHERE run_id = NEW.run_id; END;
