using System.Globalization;

namespace Lab.Measure;

/// <summary>The files through which a machine describes itself, below a root that tests put elsewhere. Reads only; what is absent
/// or may not be read is null or empty, never an exception.</summary>
/// <param name="root">Folder that stands for <c>/</c>.</param>
public sealed class MachineFiles(string root = "/")
{
    /// <summary>Where a path of the machine lies here.</summary>
    public string At(string path) => Path.Combine(root, path.TrimStart('/'));

    /// <summary>The whole file without the white space around it.</summary>
    public string? Read(string path) => KernelText.Read(At(path));

    public string? ReadLine(string path) => KernelText.ReadLine(At(path));

    public bool Exists(string path) => File.Exists(At(path)) || Directory.Exists(At(path));

    /// <summary>The number that a file starts with.</summary>
    public long? Number(string path) => KernelText.Number(ReadLine(path));

    /// <summary>Whether this process may open it for writing; nothing is written.</summary>
    public bool CanWrite(string path)
    {
        try
        {
            using FileStream opened = new(At(path), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Names of what is in a folder, sorted.</summary>
    public IReadOnlyList<string> Names(string path)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(At(path)).Select(entry => Path.GetFileName(entry))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The CPUs this process may run on; of the machine where it does not say.</summary>
    public IReadOnlyList<int> AllowedCpus() =>
        CpuList(KernelText.Field(Read("/proc/self/status"), "Cpus_allowed_list")) is { Count: > 0 } allowed ? allowed
        : OnlineCpus();

    public IReadOnlyList<int> OnlineCpus() => CpuList(ReadLine("/sys/devices/system/cpu/online"));

    /// <summary>What the kernel writes as <c>0-3,8</c>, one by one; empty for anything else.</summary>
    internal static IReadOnlyList<int> CpuList(string? text)
    {
        List<int> cpus = [];
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)) return [];
            int last = first;
            if (ends.Length > 1 && !int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out last)) return [];
            for (int cpu = first; cpu <= last && cpus.Count < 8_192; cpu++) cpus.Add(cpu);
        }
        return cpus;
    }

    /// <summary>The reverse of <see cref="CpuList"/>: <c>0-3,8</c>.</summary>
    internal static string CpuRanges(IEnumerable<int> cpus)
    {
        List<(int First, int Last)> ranges = [];
        foreach (int cpu in cpus.Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last + 1 == cpu) ranges[^1] = (ranges[^1].First, cpu);
            else ranges.Add((cpu, cpu));
        }
        return string.Join(",", ranges.Select(range => range.First == range.Last
            ? range.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}")));
    }
}
