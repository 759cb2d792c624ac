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
