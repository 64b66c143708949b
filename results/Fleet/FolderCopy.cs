namespace Lab.Results.Fleet;

/// <summary>Copies a folder that nobody changes any more.</summary>
public static class FolderCopy
{
    /// <exception cref="ResultsUnwritableException">No place, permission or space; a part may be there.</exception>
    public static void Of(string from, string to)
    {
        try
        {
            Directory.CreateDirectory(to);
            foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            {
                Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
            }
            foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(to, e);
        }
    }
}
