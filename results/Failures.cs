namespace Lab.Results;

/// <summary>A results folder cannot be written: no such place, no permission, no space. The message says what to do.</summary>
public sealed class ResultsUnwritableException : IOException
{
    /// <param name="folder">Where.</param>
    /// <param name="cause">Why not.</param>
    /// <param name="option">By which the user names the folder.</param>
    public ResultsUnwritableException(string folder, Exception cause, string option = "--out")
        : base($"Cannot write results in '{folder}' ({Reason(cause)}): "
            + $"free space, allow writing there, or choose another folder with {option}.", cause)
    {
        Folder = folder;
    }

    public string Folder { get; }

    /// <summary>The same of a folder that is named by another option.</summary>
    public ResultsUnwritableException NamedBy(string option) => new(Folder, InnerException!, option);

    private static string Reason(Exception cause) => cause.Message.TrimEnd('.');
}

/// <summary>No run, or more than one, answers to a name. The message lists what there is.</summary>
public sealed class RunNotFoundException(string message) : Exception(message);

/// <summary>A file of a run folder is missing or cannot be understood.</summary>
public sealed class RunDamagedException(string file, long? line, string why, Exception? cause = null)
    : Exception(line is null ? $"'{file}': {why}" : $"'{file}', line {line}: {why}", cause)
{
    public string File { get; } = file;

    /// <summary>Counted from 1 with the header; null when the file as a whole is wrong.</summary>
    public long? Line { get; } = line;

    /// <summary>The file cannot even be opened.</summary>
    internal static RunDamagedException Unreadable(string file, Exception cause) => new(file, null, cause switch
    {
        FileNotFoundException or DirectoryNotFoundException => "is missing; expected a file",
        UnauthorizedAccessException when Directory.Exists(file) => "is a folder; expected a file",
        UnauthorizedAccessException => "may not be read; allow it",
        _ => "cannot be read from its disk",
    }, cause);
}
