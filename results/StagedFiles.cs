namespace Lab.Results;

/// <summary>Files that appear in a folder complete or not at all: each is written beside its place under another name and forced
/// to disk; only when all are there does <see cref="Publish"/> rename them, in the order they were added. What was not published
/// is removed by <see cref="Dispose"/>. The folder's own entry is not forced to disk (.NET cannot): after a power cut the older
/// version of a file may be back, but never half of one.</summary>
/// <param name="folder">Exists already.</param>
/// <param name="openNew">Opens a file that does not exist yet for writing; a test puts a full disk here.</param>
public sealed class StagedFiles(string folder, Func<string, Stream>? openNew = null) : IDisposable
{
    private readonly Func<string, Stream> _openNew = openNew ?? OpenNew;
    private readonly List<(string Temporary, string Final)> _staged = [];
    private int _published;

    /// <summary>Writes the next version of a file. The version in place, if any, stays as it is.</summary>
    /// <exception cref="ResultsUnwritableException">Nothing in place has changed.</exception>
    public void Add(string name, Action<Stream> write)
    {
        string temporary = Path.Combine(folder, $".{name}.{Environment.ProcessId}.tmp");
        _staged.Add((temporary, Path.Combine(folder, name)));
        try
        {
            using Stream stream = _openNew(temporary);
            write(stream);
            if (stream is FileStream file) file.Flush(flushToDisk: true);
            else stream.Flush();
        }
        // .NET reports a file that may not grow (EFBIG, as under a file-size limit) as an argument out of range.
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" })
        {
            throw new ResultsUnwritableException(folder, e);
        }
    }

    /// <summary>Puts every added file in its place.</summary>
    /// <exception cref="ResultsUnwritableException">Files added later than the one that failed keep their older
    /// version.</exception>
    public void Publish()
    {
        try
        {
            for (; _published < _staged.Count; _published++)
            {
                File.Move(_staged[_published].Temporary, _staged[_published].Final, overwrite: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(folder, e);
        }
    }

    public void Dispose()
    {
        for (; _published < _staged.Count; _published++)
        {
            try
            {
                File.Delete(_staged[_published].Temporary);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The failure that brought us here is already on its way up; readers ignore the leftover.
            }
        }
    }

    /// <summary>One file, written and put in place.</summary>
    /// <exception cref="ResultsUnwritableException">The older version, if any, is still in place.</exception>
    public static void WriteOne(string path, Action<Stream> write)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(folder, e);
        }

        using StagedFiles files = new(folder);
        files.Add(Path.GetFileName(path), write);
        files.Publish();
    }

    // A leftover of a killed process that had our number may be overwritten.
    private static FileStream OpenNew(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.Read);
}
