using System.Globalization;
using System.Runtime;

namespace Lab.Measure;

/// <summary>What the runtime and the hypervisor did to the process: running totals when read, or their growth between two reads.
/// All are process- or machine-wide. Null where the system does not say.</summary>
/// <param name="Gen0Collections">Collections of generation 0, the higher generations' included.</param>
/// <param name="Gen1Collections">Of generation 1, generation 2's included.</param>
/// <param name="Gen2Collections">Of generation 2.</param>
/// <param name="GcPauseNanoseconds">All threads stopped for the collector.</param>
/// <param name="CompiledMethods">Methods the JIT compiled, on any thread.</param>
/// <param name="StealNanoseconds">Summed over the cores: runnable, but the hypervisor ran somebody else. In steps of a kernel
/// tick, usually 10 ms.</param>
public sealed record RuntimeCounters(int Gen0Collections, int Gen1Collections, int Gen2Collections, long GcPauseNanoseconds,
    long CompiledMethods, long? StealNanoseconds)
{
    // USER_HZ is 100 on every architecture that Linux and .NET share.
    private const long NanosecondsPerUserTick = 10_000_000;

    private const int StealField = 8;

    public static RuntimeCounters Read() => new(
        GC.CollectionCount(0),
        GC.CollectionCount(1),
        GC.CollectionCount(2),
        GC.GetTotalPauseDuration().Ticks * 100,
        JitInfo.GetCompiledMethodCount(currentThread: false),
        ReadSteal());

    /// <summary>The growth from an earlier read to this one.</summary>
    public RuntimeCounters Since(RuntimeCounters earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return new RuntimeCounters(Gen0Collections - earlier.Gen0Collections, Gen1Collections - earlier.Gen1Collections,
            Gen2Collections - earlier.Gen2Collections, GcPauseNanoseconds - earlier.GcPauseNanoseconds,
            CompiledMethods - earlier.CompiledMethods, StealNanoseconds - earlier.StealNanoseconds);
    }

    /// <summary>The first line of /proc/stat: cpu user nice system idle iowait irq softirq steal …</summary>
    private static long? ReadSteal()
    {
        string[] fields = (KernelText.ReadLine("/proc/stat") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StealField && long.TryParse(fields[StealField], CultureInfo.InvariantCulture, out long ticks)
            ? ticks * NanosecondsPerUserTick
            : null;
    }
}
