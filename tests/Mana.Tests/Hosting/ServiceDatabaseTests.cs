using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Testing;
using Microsoft.Data.Sqlite;

namespace Mana.Tests.Hosting;

public sealed class ServiceDatabaseTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Times_compare_in_sql_and_come_back_in_utc()
    {
        await using var database = Open();
        await database.WriteAsync(
            async (db, ct) =>
            {
                await db.InsertAsync(new Thing { Id = "early", At = Noon.AddHours(-1).ToOffset(TimeSpan.FromHours(9)), IsGood = true }, token: ct);
                await db.InsertAsync(new Thing { Id = "late", At = Noon.AddHours(1), IsGood = false }, token: ct);
            },
            TestContext.Current.CancellationToken);

        var before = await database.ReadAsync(
            (db, ct) => db.GetTable<Thing>().Where(thing => thing.At <= Noon).ToListAsync(ct), TestContext.Current.CancellationToken);

        before.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Id = "early", At = Noon.AddHours(-1), IsGood = true });
        before[0].At.Offset.Should().Be(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(false, 2)] // full
    [InlineData(true, 0)]
    public async Task Only_data_that_is_thrown_away_anyway_does_not_wait_for_the_disk(bool isThrowAway, int synchronous)
    {
        var settings = Settings(isThrowAway, "development");
        await using var database = ServiceDatabase.Open(settings.Database, typeof(ServiceDatabaseTests).Assembly);

        (await database.ReadAsync((db, ct) => db.ExecuteAsync<int>("pragma synchronous", ct), TestContext.Current.CancellationToken)).Should().Be(synchronous);
        (await database.WriteAsync((db, ct) => db.ExecuteAsync<int>("pragma synchronous", ct), TestContext.Current.CancellationToken)).Should().Be(synchronous);
        settings.Errors.Should().BeEmpty();
        Settings(isThrowAway, null).Errors.Should().HaveCount(isThrowAway ? 1 : 0, "this is production");
    }

    [Fact]
    public async Task A_failing_write_undoes_its_own_part_only()
    {
        await using var database = Open();
        var cancellationToken = TestContext.Current.CancellationToken;
        var writes = Enumerable.Range(0, 50).Select(i => database.WriteAsync(
            async (db, ct) =>
            {
                await db.InsertAsync(new Thing { Id = $"{i}", At = Noon }, token: ct);
                if (i % 2 == 1)
                {
                    throw new InvalidOperationException("odd");
                }
            },
            cancellationToken)).ToList();

        var failed = 0;
        foreach (var write in writes)
        {
            try
            {
                await write;
            }
            catch (InvalidOperationException)
            {
                failed++;
            }
        }

        failed.Should().Be(25);
        var ids = await database.ReadAsync((db, ct) => db.GetTable<Thing>().Select(t => t.Id).ToListAsync(ct), cancellationToken);
        ids.Should().BeEquivalentTo(Enumerable.Range(0, 25).Select(i => $"{2 * i}"));
    }

    [Fact]
    public async Task A_commit_that_fails_leaves_a_database_that_can_be_written()
    {
        await using var database = Open();
        var cancellationToken = TestContext.Current.CancellationToken;
        await database.WriteAsync(
            (db, ct) => db.RunAsync("create table notes (thing text references things (id) deferrable initially deferred)", ct), cancellationToken);

        // The constraint is looked at by the commit, which fails and leaves the transaction open.
        await FluentActions.Awaiting(() => database.WriteAsync((db, ct) => db.RunAsync("insert into notes values ('nothing')", ct), cancellationToken))
            .Should().ThrowAsync<SqliteException>();

        await database.WriteAsync((db, ct) => db.InsertAsync(new Thing { Id = "next", At = Noon }, token: ct), cancellationToken);
        var notes = await database.ReadAsync((db, ct) => db.RowsAsync<string>("select thing from notes", ct), cancellationToken);
        notes.Should().BeEmpty();
        var things = await database.ReadAsync((db, ct) => db.GetTable<Thing>().Select(thing => thing.Id).ToListAsync(ct), cancellationToken);
        things.Should().Equal("next");
    }

    [Fact]
    public async Task On_a_full_disk_the_writer_hears_so_and_the_probe_tells_when_there_is_room_again()
    {
        await using var database = Open();
        var cancellationToken = TestContext.Current.CancellationToken;

        // SQLite undoes the whole transaction by itself, and the savepoint with it.
        var full = await FluentActions.Awaiting(() => database.WriteAsync(
                async (db, ct) =>
                {
                    await db.RunAsync("pragma max_page_count = 1", ct);
                    await db.RunAsync("create table blobs as select randomblob(1000000) as data", ct);
                },
                cancellationToken))
            .Should().ThrowAsync<SqliteException>();
        StoreFault.Of(full.Which).Should().Be("the disk is full");

        await FluentActions.Awaiting(() => ProbeOnceAsync("pragma query_only = on")).Should().ThrowAsync<SqliteException>("reading goes on, so only a write can tell");
        await ProbeOnceAsync("pragma query_only = off");
        await database.WriteAsync((db, ct) => db.InsertAsync(new Thing { Id = "next", At = Noon }, token: ct), cancellationToken);

        // The one pooled connection is the writer's.
        async Task ProbeOnceAsync(string pragma)
        {
            await database.ReadAsync((db, ct) => db.RunAsync(pragma, ct), cancellationToken);
            await database.ProbeAsync(cancellationToken);
        }
    }

    [Fact]
    public void A_data_directory_that_cannot_be_made_is_not_said_to_be_in_use()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "things.db.lock"), "");
        var settings = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = Path.Combine(_directory.Path, "things.db.lock", "below") }));
        FluentActions.Invoking(() => ServiceDatabase.Open(DatabaseSettings.Read(settings, "things"), typeof(ServiceDatabaseTests).Assembly))
            .Should().Throw<ConfigurationException>().WithMessage("*cannot be written*--data*");
    }

    [Fact]
    public async Task A_second_instance_on_the_same_directory_is_refused_with_the_way_out()
    {
        await using var database = Open();
        FluentActions.Invoking(Open).Should().Throw<ConfigurationException>().WithMessage("*in use*--data*");
    }

    [Fact]
    public async Task The_database_is_its_owner_s_alone_even_in_an_open_directory()
    {
        await using var database = Open();
        await database.WriteAsync((db, ct) => db.InsertAsync(new Thing { Id = "a", At = Noon }, token: ct), TestContext.Current.CancellationToken);

        foreach (var file in Directory.GetFiles(_directory.Path, "things.db*").Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            new FileInfo(file).UnixFileMode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, "{0} holds personal data", file);
        }
    }

    private (DatabaseSettings Database, IReadOnlyList<string> Errors) Settings(bool isThrowAway, string? environment)
    {
        var reader = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?>
        {
            ["MANA_DATA"] = _directory.Path,
            [DatabaseSettings.ThrowAwayKey] = isThrowAway ? "true" : null,
            ["NODE_ENV"] = environment,
        }));
        return (DatabaseSettings.Read(reader, "things"), reader.Errors);
    }

    private ServiceDatabase Open()
    {
        var settings = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = _directory.Path }));
        return ServiceDatabase.Open(DatabaseSettings.Read(settings, "things"), typeof(ServiceDatabaseTests).Assembly);
    }

    [Table("things")]
    private sealed class Thing
    {
        [PrimaryKey, Column("id")]
        public string Id { get; set; } = "";

        [Column("at")]
        public DateTimeOffset At { get; set; }

        [Column("is_good")]
        public bool IsGood { get; set; }
    }
}
