-- Which node sends a persona's rows now. It keeps two nodes from sending the same rows side by side; the order in which
-- they first arrive does not depend on it, for every node waits for the acknowledgement of a row before it sends the
-- next. On SQLite there is one node.
create table outbox_leases (
  persona_id text primary key,
  node text not null,
  until timestamptz not null
);
