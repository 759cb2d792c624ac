-- Why a persona rests: the newest failure since its last success.
alter table personas add column last_failed_at bigint;
alter table personas add column last_error text;
update personas set last_failed_at = last_active_at where failures > 0;
