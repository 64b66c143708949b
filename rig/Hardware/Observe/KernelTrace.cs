using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Lab.Hardware;

/// <summary>Which of KVM's events are traced.</summary>
public enum KernelTraceScope
{
    /// <summary>A few for each memslot update: fast zaps, zapped shadow pages, notifiers.</summary>
    Rare,

    /// <summary>Those of every fault, SPTE and flush as well.</summary>
    Full,
}

/// <summary>KVM's tracepoints in a trace instance of this measurement's own, so that neither another tracer nor the lab sees the
/// other. Made, started, stopped, read and disposed of by one thread. Nothing is mounted, loaded or left behind: what a killed
/// process left is removed by the next one.</summary>
/// <remarks>No pid filter: page reclaim, compaction and work queues of the kernel zap on our behalf, and a filter by thread would
/// not see them. Events of other processes are told apart when the trace is read; <see cref="KernelTraceCounts"/> says
/// how.</remarks>
public sealed class KernelTrace : IDisposable
{
    private const string Prefix = "lab-";
    private const int RareKibibytesPerCpu = 4 << 10, FullKibibytesPerCpu = 64 << 10, KibibytesMax = 256 << 10;

    private static readonly string[] Rare = ["kvmmmu/kvm_mmu_zap_all_fast", "kvmmmu/kvm_mmu_prepare_zap_page",
        "kvm/kvm_unmap_hva_range", "kvm/kvm_dirty_ring_reset", "kvm/kvm_dirty_ring_exit"];

    private static readonly string[] Frequent =
    [
        "kvmmmu/kvm_mmu_spte_requested", "kvmmmu/kvm_mmu_set_spte", "kvmmmu/kvm_tdp_mmu_spte_changed",
        "kvmmmu/kvm_mmu_split_huge_page", "kvmmmu/fast_page_fault",
        "kvm/kvm_page_fault", "kvm/kvm_dirty_ring_push", "kvm/kvm_hv_flush_tlb", "kvm/kvm_hv_flush_tlb_ex",
        "kvm/kvm_pv_tlb_flush", "tlb/tlb_flush",
    ];

    private static int MadeSoFar;

    private readonly string _folder;
    private readonly List<string> _events = [];
    private SafeFileHandle? _switch;

    private KernelTrace(string folder) => _folder = folder;

    /// <summary>Where a kernel has tracefs: its own mount, and the one that debugfs makes.</summary>
    internal static IReadOnlyList<string> Roots { get; } = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

    /// <summary>Those of the scope that this kernel has, without the names of their systems.</summary>
    public IReadOnlyList<string> Events => _events;

    /// <summary>The instance's folder; gone after <see cref="Dispose"/>.</summary>
    internal string Folder => _folder;

    /// <summary>An instance with the scope's events enabled and its recording off, or null; then <paramref name="refusal"/> is a
    /// sentence with the remedy.</summary>
    public static KernelTrace? TryOpen(KernelTraceScope scope, out string? refusal) => TryOpen(scope, out refusal, Roots);

    internal static KernelTrace? TryOpen(KernelTraceScope scope, out string? refusal, IReadOnlyList<string> roots)
    {
        if (roots.FirstOrDefault(MayHold) is not { } root)
        {
            // A folder that we may not look into is not known to be missing.
            refusal = roots.Any(one => Directory.Exists(one) && !MayList(one))
                ? Refused($"{roots[0]} cannot be read", "run as root")
                : Refused("tracefs is not mounted", $"mount -t tracefs tracefs {roots[0]} as root");
            return null;
        }

        string[] wanted = [.. (scope == KernelTraceScope.Full ? Rare.Concat(Frequent) : Rare).Where(
            name => Directory.Exists(Path.Combine(root, "events", name)))];
        if (!wanted.Any(name => name.StartsWith("kvm", StringComparison.Ordinal)))
        {
            refusal =
                Refused("this kernel has no kvmmmu tracepoints", "load kvm, or boot a kernel with CONFIG_FTRACE and CONFIG_KVM");
            return null;
        }

        RemoveLeftovers(root);
        KernelTrace trace = new(Path.Combine(root, "instances", string.Create(CultureInfo.InvariantCulture,
            $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref MadeSoFar)}")));
        try
        {
            Directory.CreateDirectory(trace._folder);
            trace.SetUp(scope, wanted);
            refusal = null;
            return trace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            trace.Dispose();
            refusal = Refused($"{root} refused a trace instance ({error.Message.TrimEnd('.')})",
                "run as root, on a kernel that is not locked down");
            return null;
        }
    }

    /// <summary>Recording begins. One write to a file that is open already.</summary>
    /// <exception cref="IOException">The kernel refused; nothing is recorded.</exception>
    public void Start() => Switch("1"u8);

    /// <summary>Recording ends. One marker and one write.</summary>
    /// <exception cref="IOException">The kernel refused; what was recorded may be incomplete.</exception>
    public void Stop()
    {
        try
        {
            // The marker, last so that it is not overwritten, shows how the kernel numbers us: inside a pid namespace we cannot
            // know.
            Write("trace_marker", "lab");
        }
        finally
        {
            Switch("0"u8);
        }
    }

    /// <summary>What was recorded in the window. Takes about a microsecond per event: after the load has ended.</summary>
    /// <exception cref="IOException">The kernel did not let it be read.</exception>
    public KernelTraceCounts Read(TraceWindow window)
    {
        KernelTraceCounts counts = KernelTraceCounts.Of(File.ReadLines(Path.Combine(_folder, "trace")), window, OwnProcess);
        long lost = 0, completeFrom = 0;
        foreach (string cpu in Cpus())
        {
            string[] statistics = File.ReadAllLines(Path.Combine(cpu, "stats"));
            long lostHere =
                KernelTraceText.Statistic(statistics, "overrun") + KernelTraceText.Statistic(statistics, "dropped events");
            // Each CPU has a buffer of its own, and a busy one loses more than an idle one.
            if (lostHere > 0) completeFrom = Math.Max(completeFrom, KernelTraceText.OldestNanoseconds(statistics));
            lost += lostHere;
        }

        return counts.WithLost(lost, completeFrom);
    }

    /// <summary>Removes the instance, and with it what it enabled.</summary>
    public void Dispose()
    {
        // An instance with an open file cannot be removed.
        _switch?.Dispose();
        _switch = null;
        Remove(_folder);
    }

    private void SetUp(KernelTraceScope scope, IEnumerable<string> events)
    {
        Write("tracing_on", "0");
        // Held until the end: what another lab would take for a leftover is busy.
        _switch = File.OpenHandle(Path.Combine(_folder, "tracing_on"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        Write("trace_clock", "mono");
        Write("options/record-tgid", "1");
        int perCpu = Math.Min(scope == KernelTraceScope.Full ? FullKibibytesPerCpu : RareKibibytesPerCpu,
            KibibytesMax / Math.Max(1, Cpus().Count()));
        Write("buffer_size_kb", perCpu.ToString(CultureInfo.InvariantCulture));
        foreach (string name in events)
        {
            Write(Path.Combine("events", name, "enable"), "1");
            _events.Add(Path.GetFileName(name));
        }
    }

    private IEnumerable<string> Cpus() => Directory.EnumerateDirectories(Path.Combine(_folder, "per_cpu"), "cpu*");

    private void Switch(ReadOnlySpan<byte> value) =>
        RandomAccess.Write(_switch ?? throw new ObjectDisposedException(nameof(KernelTrace)), value, fileOffset: 0);

    /// <summary>The thread that reads wrote the marker. If the kernel numbers it as we do, there is no pid namespace between
    /// us.</summary>
    private static int OwnProcess(KernelTraceLine? marker) => marker switch
    {
        null => 0,
        { ThreadId: var thread } when thread == Libc.ThreadId() => Environment.ProcessId,
        { ProcessId: var process } => process,
    };

    private void Write(string file, string value)
    {
        // Without truncation and without .NET's lock: these are switches, not files. A stream, for the marker cannot seek.
        using FileStream stream =
            new(Path.Combine(_folder, file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(Encoding.ASCII.GetBytes(value));
    }

    private static bool MayHold(string root) => Directory.Exists(Path.Combine(root, "instances"));

    private static bool MayList(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Refused(string why, string remedy) => $"KVM was not traced: {why}; {remedy}.";

    /// <summary>Instances of labs that were killed. One that is in use is busy and stays.</summary>
    private static void RemoveLeftovers(string root)
    {
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(root, "instances"), Prefix + "*").ToList())
        {
            string owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (!Directory.Exists(Path.Combine("/proc", owner))) Remove(folder);
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            // Not recursive: the files of an instance go with it, and cannot go before it.
            if (Directory.Exists(folder)) Directory.Delete(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Busy: somebody else reads it. The next lab removes it.
        }
    }
}
