using System.Diagnostics;
using System.Text;
using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>A kernel's modules below a folder, and what each depends on by its own word: no modules.dep is needed, which a
/// package does not have before it is installed.</summary>
public sealed class ModuleTree
{
    private const string Extension = ".ko";
    private readonly Dictionary<string, string> _files = [];
    private readonly string _folder;

    /// <param name="folder">Searched with everything below it.</param>
    public ModuleTree(string folder)
    {
        _folder = folder;
        // A link, such as that to a build tree, would be followed.
        EnumerationOptions everywhere = new()
            { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFiles(folder, $"*{Extension}*", everywhere))
        {
            string name = Path.GetFileName(file);
            int end = name.IndexOf(Extension, StringComparison.Ordinal);
            if (name[(end + Extension.Length)..] is "" or ".xz" or ".zst" or ".gz") _files.TryAdd(Plain(name[..end]), file);
        }
    }

    /// <exception cref="UsageException">Neither as a module nor built in is there a KVM.</exception>
    public void RefuseWithoutKvm(string asked)
    {
        if (_files.ContainsKey("kvm") || BuiltIn().Contains("kvm")) return;
        throw new UsageException($"The kernel in '{asked}' has no KVM, neither as a module nor built in (CONFIG_KVM and "
            + "CONFIG_KVM_AMD); give one that has, or for a split package all its parts, joined by commas.");
    }

    /// <summary>The modules and all that they depend on, in the order in which they can be loaded, uncompressed. Names that are
    /// not there are built in or not needed.</summary>
    /// <exception cref="UsageException">A module cannot be uncompressed.</exception>
    public IReadOnlyList<(string Name, byte[] Content)> Closure(IEnumerable<string> names)
    {
        List<(string, byte[])> ordered = [];
        HashSet<string> seen = [];
        foreach (string name in names) Take(name, seen, ordered);
        return ordered;
    }

    private void Take(string name, HashSet<string> seen, List<(string, byte[])> ordered)
    {
        string plain = Plain(name);
        if (!seen.Add(plain) || !_files.TryGetValue(plain, out string? file)) return;
        byte[] content = Read(file);
        foreach (string needed in Dependencies(content)) Take(needed, seen, ordered);
        ordered.Add((plain, content));
    }

    /// <summary>As <c>lsmod</c> writes it: files have dashes or underscores, as it comes.</summary>
    private static string Plain(string name) => name.Replace('-', '_');

    private HashSet<string> BuiltIn()
    {
        string list = Path.Combine(_folder, "modules.builtin");
        return !File.Exists(list) ? []
            : [.. File.ReadLines(list).Select(line => Plain(Path.GetFileNameWithoutExtension(line.Trim())))];
    }

    /// <summary>The field <c>depends=</c> of the module's .modinfo, which ends with a zero.</summary>
    internal static string[] Dependencies(ReadOnlySpan<byte> module)
    {
        ReadOnlySpan<byte> field = "\0depends="u8;
        int at = module.IndexOf(field);
        if (at < 0) return [];
        ReadOnlySpan<byte> rest = module[(at + field.Length)..];
        return Encoding.ASCII.GetString(rest[..Math.Max(0, rest.IndexOf((byte)0))])
            .Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    private static byte[] Read(string file) => Path.GetExtension(file) switch
    {
        ".xz" => Uncompressed(HostProgram.Need("xz", "xz-utils"), file),
        ".zst" => Uncompressed(HostProgram.Need("zstd", "zstd"), file),
        ".gz" => Uncompressed(HostProgram.Need("gzip", "gzip"), file),
        _ => File.ReadAllBytes(file),
    };

    private static byte[] Uncompressed(string tool, string file)
    {
        ProcessStartInfo start =
            new(tool) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-d", "-c", "-q", file]) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        using MemoryStream content = new();
        process.StandardOutput.BaseStream.CopyTo(content);
        process.WaitForExit();
        return process.ExitCode == 0 ? content.ToArray()
            : throw new UsageException($"'{file}' cannot be uncompressed ({error.GetAwaiter().GetResult().Trim()}); unpack or "
                + "build the kernel again.");
    }
}
