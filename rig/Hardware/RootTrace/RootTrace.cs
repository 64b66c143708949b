using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Lab.Hardware;

/// <summary>What this kernel does with a VM's roots, event by event, in the text of ftrace: probes, KVM's tracepoints and those
/// of work queues, in a trace instance of its own. One thread, but for <see cref="Mark"/>, which is any thread's.</summary>
internal sealed partial class RootTrace : IDisposable
{
    private static readonly string[] Tracepoints = ["kvmmmu/kvm_mmu_zap_all_fast", "kvmmmu/kvm_mmu_prepare_zap_page",
        "kvmmmu/kvm_mmu_get_page", "workqueue/workqueue_queue_work", "workqueue/workqueue_execute_start",
        "workqueue/workqueue_execute_end"];

    private const int KibibytesPerCpu = 4 << 10;

    private readonly RootProbes _probes;
    private readonly string _folder;

    private RootTrace(RootProbes probes, string folder) => (_probes, _folder) = (probes, folder);

    /// <summary>What this kernel does not show, a sentence each.</summary>
    public IReadOnlyList<string> Notes => _probes.Notes;

    /// <exception cref="HardwareUnavailableException">Nothing can be traced here; the message says what to do.</exception>
    public static RootTrace Open()
    {
        if (KernelTrace.Roots.FirstOrDefault(root => Directory.Exists(Path.Combine(root, "instances"))) is not { } tracing)
        {
            throw new HardwareUnavailableException($"Roots cannot be traced: tracefs is not mounted; mount -t tracefs tracefs "
                + $"{KernelTrace.Roots[0]} as root, or use lab guest trace without --here.");
        }
        try
        {
            RootProbes probes = RootProbes.Make(tracing);
            RootTrace trace = new(probes, Path.Combine(tracing, "instances", string.Create(CultureInfo.InvariantCulture,
                $"lab-{Environment.ProcessId}-roots")));
            Directory.CreateDirectory(trace._folder);
            trace.SetUp();
            return trace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HardwareUnavailableException($"Roots cannot be traced: {error.Message.TrimEnd('.')}; run as root, on a "
                + "kernel that is not locked down.", error);
        }
    }

    public void Start() => Write("tracing_on", "1");

    public void Stop() => Write("tracing_on", "0");

    /// <summary>A line of the trace that says where the program is.</summary>
    public void Mark(string text) => Write("trace_marker", text);

    /// <summary>The lines that concern roots, and ftrace's own in front.</summary>
    public IReadOnlyList<string> Read() =>
        [.. File.ReadLines(Path.Combine(_folder, "trace")).Where(line => line.StartsWith('#') || Concerned().IsMatch(line))];

    public void Dispose()
    {
        foreach (string name in Events().ToList()) TryWrite(Path.Combine("events", name, "enable"), "0");
        if (Directory.Exists(_folder)) Directory.Delete(_folder);
        _probes.Dispose();
    }

    private IEnumerable<string> Events() => _probes.Made.Select(name => $"{RootProbes.Group}/{name}")
        .Concat(Tracepoints.Where(name => Directory.Exists(Path.Combine(_folder, "events", name))));

    private void SetUp()
    {
        Write("tracing_on", "0");
        Write("trace_clock", "mono");
        Write("buffer_size_kb", KibibytesPerCpu.ToString(CultureInfo.InvariantCulture));
        foreach (string name in Events()) Write(Path.Combine("events", name, "enable"), "1");
    }

    private void TryWrite(string file, string value)
    {
        try
        {
            Write(file, value);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It goes with the instance.
        }
    }

    private void Write(string file, string value)
    {
        using FileStream stream =
            new(Path.Combine(_folder, file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(Encoding.ASCII.GetBytes(value));
    }

    [GeneratedRegex(@": (put|zap|get|inval|flush|flushed|rcufree|kvm_mmu_\w+|tracing_mark_write): |tdp_mmu_zap_root_work")]
    private static partial Regex Concerned();
}
