using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>Something that must be installed on the host before a guest can be booted.</summary>
/// <param name="What">As a sentence names it.</param>
/// <param name="Package">Debian's package that has it.</param>
public sealed record MissingOnHost(string What, string Package);

/// <summary>Programs of the host that boot a guest.</summary>
public static class HostProgram
{
    /// <summary>Also where distributions keep what is not for every user's PATH.</summary>
    private static readonly string[] Elsewhere = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/libexec"];

    /// <summary>Path of the first of some programs that is there; null if none is.</summary>
    public static string? Find(params string[] names)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.Length > 0),
            .. Elsewhere];
        return names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    /// <exception cref="UsageException">The program is not there; the message has the command that installs it.</exception>
    public static string Need(string name, string package) =>
        Find(name) ?? throw Refusal([new MissingOnHost(name, package)]);

    /// <summary>One sentence for all that is missing.</summary>
    public static UsageException Refusal(IReadOnlyList<MissingOnHost> missing) =>
        new($"A guest needs {string.Join(" and ", missing.Select(one => one.What))}, which {(missing.Count == 1 ? "is" : "are")} "
            + "not here: apt-get install --no-install-recommends "
            + string.Join(' ', missing.Select(one => one.Package).Distinct()));
}
