using System.Globalization;

namespace Lab.Measure;

/// <summary>How much of the machine this process may use: what a run must fit into.</summary>
/// <param name="AllowedCpus">The cores the calling thread may run on, ascending.</param>
/// <param name="CpuQuota">Cores' worth of time the control group grants, or null when it sets no limit.</param>
/// <param name="TotalMemoryBytes">Of the machine; null where it does not say.</param>
/// <param name="AvailableMemoryBytes">What can be allocated now without swapping: the kernel's estimate, or what is left of the
/// control group's limit when that is less. Null where neither is known.</param>
public sealed record MachineLimits(
    IReadOnlyList<int> AllowedCpus, double? CpuQuota, long? TotalMemoryBytes, long? AvailableMemoryBytes)
{
    private const string GroupRoot = "/sys/fs/cgroup";

    /// <summary>Threads beyond this many take turns.</summary>
    public int UsableCores =>
        CpuQuota is { } quota ? Math.Clamp((int)Math.Ceiling(quota), 1, AllowedCpus.Count) : AllowedCpus.Count;

    public static MachineLimits Read()
    {
        string? memory = KernelText.Read("/proc/meminfo");
        long? available = Kilobytes(memory, "MemAvailable"), left = GroupMemoryLeft();
        return new MachineLimits(
            ThreadPlacement.AllowedCpus(),
            GroupCpuQuota(),
            Kilobytes(memory, "MemTotal"),
            available is null || left is null ? available ?? left : Math.Min(available.Value, left.Value));
    }

    /// <summary>The text of cpu.max: <c>quota period</c> in microseconds, or <c>max period</c>.</summary>
    internal static double? ParseCpuMax(string? text)
    {
        string[] fields = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 2
            && double.TryParse(fields[0], CultureInfo.InvariantCulture, out double quota)
            && double.TryParse(fields[1], CultureInfo.InvariantCulture, out double period)
            && quota > 0
            && period > 0
            ? quota / period
            : null;
    }

    private static long? Kilobytes(string? memory, string key) => KernelText.Number(KernelText.Field(memory, key)) * 1024;

    /// <summary>Control groups version 2, else version 1 as a container sees its own.</summary>
    private static double? GroupCpuQuota() =>
        ParseCpuMax(KernelText.Read($"{GroupRoot}/cpu.max"))
        ?? ParseCpuMax(
            $"{KernelText.Read($"{GroupRoot}/cpu/cpu.cfs_quota_us")} {KernelText.Read($"{GroupRoot}/cpu/cpu.cfs_period_us")}");

    private static long? GroupMemoryLeft() =>
        Left(KernelText.Read($"{GroupRoot}/memory.max"), KernelText.Read($"{GroupRoot}/memory.current"))
        ?? Left(
            KernelText.Read($"{GroupRoot}/memory/memory.limit_in_bytes"),
            KernelText.Read($"{GroupRoot}/memory/memory.usage_in_bytes"));

    /// <summary>Null when there is no limit (<c>max</c>, or version 1's number near 2^63).</summary>
    private static long? Left(string? limit, string? used) =>
        KernelText.Number(limit) is { } most and < long.MaxValue / 2 && KernelText.Number(used) is { } now
        ? Math.Max(0, most - now) : null;
}
