namespace Lab.Results.Comparisons;

/// <summary>Runs kept under names: <c>results/baselines/NAME</c> holds copies of run folders, which survive the
/// originals.</summary>
public sealed class BaselineStore(string root)
{
    public string Root => root;

    public IReadOnlyList<string> Names() =>
        Directory.Exists(root)
            ? [.. Directory.EnumerateDirectories(root).Select(folder => Path.GetFileName(folder)!).Where(IsName)
                .Order(StringComparer.Ordinal)]
            : [];

    /// <summary>A name is one folder's: letters, digits, dots, dashes and underscores, not beginning with a dot.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 100 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    public bool Has(string name) => IsName(name) && Directory.Exists(Path.Combine(root, name));

    public string PathOf(string name) => Path.Combine(root, name);

    /// <summary>Keeps run folders under a name, instead of those kept under it before.</summary>
    /// <exception cref="ResultsUnwritableException">What was kept under the name before still is.</exception>
    public void Save(string name, IReadOnlyList<string> runFolders)
    {
        // Copied aside, then put in place: an interrupted copy is never taken for a baseline.
        string staged = Path.Combine(root, $".{name}.{Environment.ProcessId}.new");
        string old = Path.Combine(root, $".{name}.{Environment.ProcessId}.old");
        try
        {
            foreach (string folder in runFolders) Copy(folder, Path.Combine(staged, Path.GetFileName(folder)));
            if (Has(name)) Directory.Move(PathOf(name), old);
            Directory.Move(staged, PathOf(name));
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(old) && !Directory.Exists(PathOf(name))) Directory.Move(old, PathOf(name));
            throw new ResultsUnwritableException(root, e);
        }
    }

    /// <summary>The numbers; figures and report can be drawn again from them.</summary>
    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from).Where(file => Path.GetExtension(file) is ".csv" or ".json"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }
}
