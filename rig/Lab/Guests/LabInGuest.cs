using System.Reflection;
using System.Runtime.InteropServices;
using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>This very program as a guest can run it: its files, the runtime where it is not part of them, and the shared
/// libraries of the C run-time.</summary>
public static class LabInGuest
{
    private const string App = "app", Runtime = "dotnet";

    /// <summary>What the runtime loads beside its own.</summary>
    private static readonly string[] Libraries = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
        "libgcc_s.so.1", "libstdc++.so.6"];

    private static readonly string[] LibraryFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64",
        "/usr/lib64", "/usr/lib"];

    /// <summary>Nothing in a guest reads or loads them.</summary>
    private static readonly string[] LeftOut = [".pdb", ".xml", ".deps.json.bak"];

    private static readonly string[] LeftOutNames = ["createdump", "libmscordbi.so", "libmscordaccore.so",
        "Microsoft.VisualBasic.Core.dll", "libcoreclrtraceptprovider.so"];

    /// <summary>Adds the program and returns the words of the shell by which it is started.</summary>
    /// <exception cref="UsageException">It cannot tell what it consists of, or a library is not where libraries are.</exception>
    public static string AddTo(CpioArchive archive)
    {
        AddLibraries(archive);
        string self = Environment.ProcessPath ?? throw CannotTell();
        string program = Assembly.GetEntryAssembly()?.GetName().Name ?? throw CannotTell();
        if (program != "lab") throw CannotTell();
        string folder = AppContext.BaseDirectory;
        if (!File.Exists(Path.Combine(folder, $"{program}.dll")))
        {
            // One file that holds everything.
            archive.AddFile($"{App}/{program}", self);
            return $"/{App}/{program}";
        }
        AddFolder(archive, App, folder);
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        if (Path.GetFullPath(runtime).TrimEnd('/') == Path.GetFullPath(folder).TrimEnd('/')) return $"/{App}/{program}";

        // The runtime's folder is shared/Microsoft.NETCore.App/VERSION below what DOTNET_ROOT names.
        DirectoryInfo version = new(runtime);
        string root = version.Parent?.Parent?.Parent?.FullName ?? throw CannotTell();
        AddFolder(archive, Path.Combine(Runtime, Path.GetRelativePath(root, version.FullName)), version.FullName);
        string hosts = Path.Combine(root, "host", "fxr");
        string host = Directory.EnumerateDirectories(hosts).OrderByDescending(one => one == Path.Combine(hosts, version.Name))
            .ThenByDescending(one => one, StringComparer.Ordinal).FirstOrDefault() ?? throw CannotTell();
        AddFolder(archive, Path.Combine(Runtime, Path.GetRelativePath(root, host)), host);
        archive.AddFile($"{Runtime}/dotnet", Path.Combine(root, "dotnet"));
        return $"DOTNET_ROOT=/{Runtime} /{Runtime}/dotnet /{App}/{program}.dll";
    }

    private static void AddFolder(CpioArchive archive, string name, string folder)
    {
        EnumerationOptions everywhere = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };
        foreach (string file in Directory.EnumerateFiles(folder, "*", everywhere).Order(StringComparer.Ordinal))
        {
            string below = Path.GetRelativePath(folder, file);
            if (LeftOut.Contains(Path.GetExtension(file)) || LeftOutNames.Contains(Path.GetFileName(file))
                || below.Contains("linux-musl", StringComparison.Ordinal))
            {
                continue;
            }
            archive.AddFile(Path.Combine(name, below), file);
        }
    }

    private static void AddLibraries(CpioArchive archive)
    {
        archive.AddFile("lib64/ld-linux-x86-64.so.2", Library("ld-linux-x86-64.so.2"));
        foreach (string library in Libraries) archive.AddFile($"lib/x86_64-linux-gnu/{library}", Library(library));
    }

    private static string Library(string name) =>
        LibraryFolders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new UsageException($"{name} is in none of {string.Join(", ", LibraryFolders)}: a guest needs the C run-time "
            + "libraries of this host (glibc); install libc6 and libstdc++6.");

    private static UsageException CannotTell() =>
        new("lab guest cannot find its own program; start it as 'lab guest' or 'dotnet lab.dll guest'.");
}
