using System.Text;

namespace Mana.Ports.Files;

/// <summary>
/// Writes several files or none: everything goes under temporary names beside its target first, then takes the targets'
/// places; where one of these steps fails, those before it are taken back.
/// </summary>
/// <param name="lockPath">The file that a second run finds locked.</param>
/// <param name="replace">Puts the first file in the second one's place.</param>
public sealed class FileTransaction(string lockPath, Action<string, string> replace)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A transaction on the file system.</summary>
    /// <param name="lockPath">The file that a second run finds locked.</param>
    public FileTransaction(string lockPath)
        : this(lockPath, (from, to) => File.Move(from, to, overwrite: true))
    {
    }

    /// <summary>Reads a file so that writing the text gives the same bytes; null where there is none.</summary>
    /// <exception cref="PortFileException">It is not UTF-8.</exception>
    public static string? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return Utf8.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException e)
        {
            throw new PortFileException(path, 1, 1, $"the file is not UTF-8 (byte {e.Index}); save it as UTF-8");
        }
    }

    /// <summary>
    /// Finishes what an interrupted run began, and says what it did; nothing where there is nothing to finish, or where
    /// another run is at work right now.
    /// </summary>
    /// <param name="lockPath">As the interrupted run had it.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static IReadOnlyList<string> Recover(string lockPath)
    {
        var journal = TransactionJournal.Of(lockPath);
        if (!journal.Exists)
        {
            return [];
        }

        FileStream held;
        try
        {
            held = Open(lockPath);
        }
        catch (IOException)
        {
            return [];
        }

        using (held)
        {
            return journal.Recover();
        }
    }

    /// <summary>Writes. A run that is killed between two files is completed by the next one, or by <see cref="Recover"/>.</summary>
    /// <param name="changes">With full paths.</param>
    /// <exception cref="IOException">Another run holds the lock, a file was changed meanwhile, or it cannot be written; nothing was changed.</exception>
    public void Write(IReadOnlyCollection<FileChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        using var held = Lock();
        var journal = TransactionJournal.Of(lockPath);
        var steps = new List<(TransactionStep Step, FileChange Change)>();
        var done = new List<(string Target, FileChange Change)>();
        try
        {
            journal.Recover();
            steps.AddRange(changes.Where(change => change.IsChange).Select(change => (TransactionStep.For(Target(change.Path), change), change)));
            journal.Prepare([.. steps.Select(one => one.Step)]);
            foreach (var (step, change) in steps)
            {
                Stage(step.Temporary, step.Target, change.After);
            }

            foreach (var (step, change) in steps)
            {
                if (Read(step.Target) != change.Before)
                {
                    throw new IOException($"{change.Path} was changed by somebody else meanwhile; nothing was written, run the command again");
                }
            }

            journal.Commit([.. steps.Select(one => one.Step)]);
            foreach (var (step, change) in steps)
            {
                replace(step.Temporary, step.Target);
                done.Add((step.Target, change));
            }

            journal.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var left = TakeBack(done);
            CleanUp(journal, steps);
            throw new IOException(
                left.Count == 0 ? $"{e.Message.TrimEnd('.')}; nothing was changed" : $"{e.Message.TrimEnd('.')}; {string.Join(", ", left)} could not be taken back, git diff shows what changed", e);
        }
    }

    // A link stays one: what it leads to is replaced.
    private static string Target(string path)
    {
        var file = new FileInfo(path);
        return Path.GetFullPath(file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
    }

    private static void CleanUp(TransactionJournal journal, List<(TransactionStep Step, FileChange Change)> steps)
    {
        try
        {
            foreach (var (step, _) in steps)
            {
                if (File.Exists(step.Temporary))
                {
                    File.Delete(step.Temporary);
                }
            }

            journal.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What failed before this is what has to be told; the next run finds the journal.
        }
    }

    private FileStream Lock()
    {
        try
        {
            return Open(lockPath);
        }
        catch (IOException e)
        {
            throw new IOException($"another run is changing the ports right now ({lockPath} is locked); run this again when it is done", e);
        }
    }

    private static FileStream Open(string lockPath) =>
        new(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static void Stage(string temporary, string target, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
        using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(Utf8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        }
    }

    private static List<string> TakeBack(List<(string Target, FileChange Change)> done)
    {
        var left = new List<string>();
        foreach (var (target, change) in Enumerable.Reverse(done))
        {
            try
            {
                if (change.Before is { } before)
                {
                    var temporary = TransactionStep.For(target, change).Temporary;
                    Stage(temporary, target, before);
                    File.Move(temporary, target, overwrite: true);
                }
                else
                {
                    File.Delete(target);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                left.Add(change.Path);
            }
        }

        return left;
    }
}
