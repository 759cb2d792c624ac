namespace Mana.Hosting.Storage;

/// <summary>The directory of the embedded databases; it also holds secrets, so it is its owner's alone.</summary>
public static class DataDirectory
{
    /// <summary>Makes the directory, readable by its owner only, where it is missing.</summary>
    /// <exception cref="ConfigurationException">It cannot be made.</exception>
    public static void Ensure(string directory)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(directory, e);
        }
    }

    /// <summary>Locks a file for this process, and makes it where it is missing.</summary>
    /// <returns>Null while another process has it.</returns>
    /// <exception cref="ConfigurationException">The directory cannot be written.</exception>
    public static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(Path.GetDirectoryName(file)!, e);
        }
    }

    /// <summary>What a start says of a data directory that is read-only, full or somebody else's.</summary>
    private static ConfigurationException Unusable(string directory, Exception e) => new(
        $"The data directory {directory} cannot be written: {e.Message.TrimEnd('.')}. Make room or check who owns it, or choose another with --data (MANA_DATA).");

    /// <summary>Makes a file that only its owner may read, where it is missing; the directory may be open to others.</summary>
    /// <exception cref="ConfigurationException">It cannot be made.</exception>
    public static void EnsureFile(string file)
    {
        try
        {
            if (!File.Exists(file))
            {
                using var created = new FileStream(file, PrivateFile(FileMode.OpenOrCreate));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(Path.GetDirectoryName(file)!, e);
        }
    }

    /// <summary>Writes a secret to a file of mode 0600.</summary>
    public static void WriteSecret(string file, string secret)
    {
        using var writer = new StreamWriter(file, PrivateFile(FileMode.Create));
        writer.Write(secret);
    }

    // The error number itself on Linux and macOS, Windows' own code there.
    private static bool IsSharingViolation(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static FileStreamOptions PrivateFile(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
