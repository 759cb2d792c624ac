-- The cluster's membership. The provider reads its statements from orleansquery by key; these are our own.
create table if not exists orleansquery(querykey text primary key, querytext text not null);
create table if not exists silo_version(deploymentid text primary key, version int not null default 0);
create table if not exists silo(
  deploymentid text not null, address text not null, port int not null, generation int not null,
  siloname text not null, hostname text not null, status int not null, proxyport int not null, suspecttimes text,
  starttime timestamptz not null, iamalivetime timestamptz not null, primary key(deploymentid, address, port, generation));
insert into orleansquery values
('InsertMembershipVersionKey', 'with n as (insert into silo_version values(@DeploymentId, 0) on conflict do nothing returning 1) select count(*)::int from n'),
('InsertMembershipKey', $$
  with v as (select deploymentid from silo_version where deploymentid=@DeploymentId and version=@Version for update),
       m as (insert into silo select deploymentid,@Address,@Port,@Generation,@SiloName,@HostName,@Status,@ProxyPort,null,@StartTime,@IAmAliveTime from v on conflict do nothing returning deploymentid),
       u as (update silo_version s set version=s.version+1 from m where s.deploymentid=m.deploymentid returning 1)
  select count(*)::int from u$$),
('UpdateMembershipKey', $$
  with v as (select deploymentid from silo_version where deploymentid=@DeploymentId and version=@Version for update),
       m as (update silo s set status=@Status, suspecttimes=@SuspectTimes, iamalivetime=@IAmAliveTime from v
             where s.deploymentid=v.deploymentid and s.address=@Address and s.port=@Port and s.generation=@Generation returning s.deploymentid),
       u as (update silo_version s set version=s.version+1 from m where s.deploymentid=m.deploymentid returning 1)
  select count(*)::int from u$$),
('UpdateIAmAlivetimeKey', 'update silo set iamalivetime=@IAmAliveTime where deploymentid=@DeploymentId and address=@Address and port=@Port and generation=@Generation'),
('MembershipReadRowKey', 'select s.*, v.version from silo_version v left join silo s on s.deploymentid=v.deploymentid and s.address=@Address and s.port=@Port and s.generation=@Generation where v.deploymentid=@DeploymentId'),
('MembershipReadAllKey', 'select s.*, v.version from silo_version v left join silo s on s.deploymentid=v.deploymentid where v.deploymentid=@DeploymentId'),
('GatewaysQueryKey', 'select address, proxyport, generation from silo where deploymentid=@DeploymentId and status=@Status and proxyport>0'),
('DeleteMembershipTableEntriesKey', 'with s as (delete from silo where deploymentid=@DeploymentId) delete from silo_version where deploymentid=@DeploymentId'),
('CleanupDefunctSiloEntriesKey', 'delete from silo where deploymentid=@DeploymentId and status<>3 and iamalivetime<@IAmAliveTime')
on conflict(querykey) do update set querytext=excluded.querytext;
