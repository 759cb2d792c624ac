namespace Mana.Hosting.Storage;

/// <summary>The directory of the embedded databases; it also holds secrets, so it is its owner's alone.</summary>
public static class DataDirectory
{
    /// <summary>Makes the directory, readable by its owner only, where it is missing.</summary>
    public static void Ensure(string directory)
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

    /// <summary>Makes a file that only its owner may read, where it is missing; the directory may be open to others.</summary>
    public static void EnsureFile(string file)
    {
        if (!File.Exists(file))
        {
            using var created = new FileStream(file, PrivateFile(FileMode.OpenOrCreate));
        }
    }

    /// <summary>Writes a secret to a file of mode 0600.</summary>
    public static void WriteSecret(string file, string secret)
    {
        using var writer = new StreamWriter(file, PrivateFile(FileMode.Create));
        writer.Write(secret);
    }

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
