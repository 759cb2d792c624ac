using System.Text;
using Mana.Ports.Files;
using Mana.Testing;

namespace Mana.Tests.Ports;

public sealed class FileTransactionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Lock => At(".lock");

    private string At(string name) => Path.Combine(_directory.Path, name);

    [Fact]
    public void Several_files_are_written_and_nothing_is_left_beside_them()
    {
        File.WriteAllBytes(At("a"), [0xEF, 0xBB, 0xBF, .. "ä\r\n"u8]);
        var before = FileTransaction.Read(At("a"));
        new FileTransaction(Lock).Write([new(At("a"), before, before + "b"), new(At("new/c"), null, "c")]);
        File.ReadAllBytes(At("a")).Should().Equal([0xEF, 0xBB, 0xBF, .. "ä\r\nb"u8]);
        File.ReadAllText(At("new/c")).Should().Be("c");
        Directory.EnumerateFileSystemEntries(_directory.Path, "*", SearchOption.AllDirectories).Should().BeEquivalentTo([At("a"), At("new"), At("new/c")]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_rename_that_fails_takes_the_earlier_ones_back(int failing)
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "b");
        var renames = 0;
        var transaction = new FileTransaction(Lock, (from, to) =>
        {
            if (renames++ == failing)
            {
                throw new IOException("The disk is gone.");
            }

            File.Move(from, to, overwrite: true);
        });
        var write = () => transaction.Write([new(At("a"), "a", "A"), new(At("c"), null, "C"), new(At("b"), "b", "B")]);
        write.Should().Throw<IOException>().WithMessage("The disk is gone; nothing was changed");
        Directory.EnumerateFiles(_directory.Path).ToDictionary(path => Path.GetFileName(path)!, File.ReadAllText)
            .Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "a", ["b"] = "b" });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_that_is_killed_between_two_files_is_completed_by_the_next(int killedAt)
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "b");
        Kill(killedAt, new FileChange(At("a"), "a", "A"), new FileChange(At("new/c"), null, "C"), new FileChange(At("b"), "b", "B"));
        new[] { File.ReadAllText(At("a")), File.ReadAllText(At("b")) }.Should().Contain(text => char.IsAsciiLetterLower(text[0]), "it was killed before the end");

        var said = FileTransaction.Recover(Lock);

        said.Should().HaveCount(3 - killedAt).And.AllSatisfy(line => line.Should().Contain("was interrupted; its change of").And.EndWith("is written now"));
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "A", ["b"] = "B", ["new/c"] = "C" });
        FileTransaction.Recover(Lock).Should().BeEmpty();
    }

    [Fact]
    public void The_next_change_completes_what_was_killed_before_it_looks_at_the_files()
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "b");
        Kill(1, new FileChange(At("a"), "a", "A"), new FileChange(At("b"), "b", "B"));
        new FileTransaction(Lock).Write([new(At("b"), "B", "BB")]);
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "A", ["b"] = "BB" });
    }

    [Fact]
    public void What_somebody_wrote_after_the_kill_is_not_overwritten()
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "b");
        Kill(0, new FileChange(At("a"), "a", "A"), new FileChange(At("b"), "b", "B"));
        File.WriteAllText(At("b"), "by hand");
        FileTransaction.Recover(Lock).Should().HaveCount(2).And.ContainSingle(line => line.Contains("b was changed since; it stays as it is"));
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "A", ["b"] = "by hand" });
    }

    [Fact]
    public void A_run_that_is_killed_before_everything_is_on_the_disk_is_undone()
    {
        File.WriteAllText(At("a"), "a");
        var step = TransactionStep.For(At("a"), new FileChange(At("a"), "a", "A"));
        TransactionJournal.Of(Lock).Prepare([step]);
        File.WriteAllText(step.Temporary, "half");
        File.WriteAllText(Lock + ".journal.new", "half a journal");
        FileTransaction.Recover(Lock).Should().BeEmpty();
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "a" });
    }

    [Fact]
    public void A_run_at_work_is_left_alone_by_those_that_only_read()
    {
        File.WriteAllText(At("a"), "a");
        IReadOnlyList<string>? said = null;
        new FileTransaction(Lock, (from, to) =>
        {
            said = FileTransaction.Recover(Lock);
            File.Exists(from).Should().BeTrue();
            File.Move(from, to, overwrite: true);
        }).Write([new(At("a"), "a", "A")]);
        said.Should().BeEmpty();
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "A" });
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage\n")]
    [InlineData("mana-ports journal 1: replacing\nno step\n0123 - - ../../etc/passwd\n")]
    public void A_journal_that_says_nothing_sound_does_nothing_and_goes(string text)
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(Lock + ".journal", text);
        FileTransaction.Recover(Lock).Should().BeEmpty();
        Everything().Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "a" });
    }

    /// <summary>Stops as a kill does: whatever comes after the given rename does not happen.</summary>
    private void Kill(int at, params FileChange[] changes)
    {
        var renames = 0;
        var write = () => new FileTransaction(Lock, (from, to) =>
        {
            if (renames++ == at)
            {
                throw new KilledException();
            }

            File.Move(from, to, overwrite: true);
        }).Write(changes);
        write.Should().Throw<KilledException>();
    }

    private Dictionary<string, string> Everything() =>
        Directory.EnumerateFiles(_directory.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(path => Path.GetRelativePath(_directory.Path, path), File.ReadAllText);

    private sealed class KilledException : Exception;

    [Fact]
    public void A_file_that_somebody_changed_meanwhile_is_not_overwritten()
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "changed");
        var write = () => new FileTransaction(Lock).Write([new(At("a"), "a", "A"), new(At("b"), "b", "B")]);
        write.Should().Throw<IOException>().WithMessage("*b was changed by somebody else meanwhile*");
        File.ReadAllText(At("a")).Should().Be("a");
        File.ReadAllText(At("b")).Should().Be("changed");
    }

    [Fact]
    public void A_second_run_at_the_same_time_is_refused()
    {
        File.WriteAllText(At("a"), "a");
        IOException? second = null;
        new FileTransaction(Lock, (from, to) =>
        {
            second = Assert.Throws<IOException>(() => new FileTransaction(Lock).Write([new(At("a"), "a", "second")]));
            File.Move(from, to, overwrite: true);
        }).Write([new(At("a"), "a", "first")]);
        second!.Message.Should().StartWith("another run is changing the ports right now");
        File.ReadAllText(At("a")).Should().Be("first");
        new FileTransaction(Lock).Write([new(At("a"), "first", "third")]);
        File.ReadAllText(At("a")).Should().Be("third");
    }

    [Fact]
    public void A_link_stays_one_and_permissions_stay()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Permissions are those of Unix.");
            return;
        }

        File.WriteAllText(At("real"), "a");
        File.SetUnixFileMode(At("real"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.CreateSymbolicLink(At("link"), At("real"));
        new FileTransaction(Lock).Write([new(At("link"), "a", "b")]);
        new FileInfo(At("link")).LinkTarget.Should().Be(At("real"));
        File.ReadAllText(At("real")).Should().Be("b");
        File.GetUnixFileMode(At("real")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_refused()
    {
        File.WriteAllBytes(At("a"), Encoding.Latin1.GetBytes("PORT=1 # für"));
        var read = () => FileTransaction.Read(At("a"));
        read.Should().Throw<PortFileException>().WithMessage("*not UTF-8*");
    }
}
