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

    /// <summary>Writes.</summary>
    /// <param name="changes">With full paths.</param>
    /// <exception cref="IOException">Another run holds the lock, a file was changed meanwhile, or it cannot be written; nothing was changed.</exception>
    public void Write(IReadOnlyCollection<FileChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        using var held = Lock();
        var staged = new List<(string Temporary, string Target, FileChange Change)>();
        var done = new List<(string Target, FileChange Change)>();
        try
        {
            foreach (var change in changes.Where(change => change.IsChange))
            {
                // A link stays one: what it leads to is replaced.
                var file = new FileInfo(change.Path);
                var target = file.LinkTarget is null ? change.Path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
                staged.Add((Stage(target, change.After), target, change));
            }

            foreach (var (_, target, change) in staged)
            {
                if (Read(target) != change.Before)
                {
                    throw new IOException($"{change.Path} was changed by somebody else meanwhile; nothing was written, run the command again");
                }
            }

            foreach (var (temporary, target, change) in staged)
            {
                replace(temporary, target);
                done.Add((target, change));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var left = TakeBack(done);
            throw new IOException(
                left.Count == 0 ? $"{e.Message.TrimEnd('.')}; nothing was changed" : $"{e.Message.TrimEnd('.')}; {string.Join(", ", left)} could not be taken back, git diff shows what changed", e);
        }
        finally
        {
            foreach (var (temporary, _, _) in staged)
            {
                File.Delete(temporary);
            }
        }
    }

    private FileStream Lock()
    {
        try
        {
            return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new IOException($"another run is changing the ports right now ({lockPath} is locked); run this again when it is done", e);
        }
    }

    private static string Stage(string target, string text)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(target))!;
        Directory.CreateDirectory(directory);
        var temporary = Path.Combine(directory, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(Utf8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        }

        return temporary;
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
                    var temporary = Stage(target, before);
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
