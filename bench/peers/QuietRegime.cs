using System.Runtime.InteropServices;

namespace Lab.Bench.Peers;

/// <summary>What both sides are given so that the machine disturbs them little, and alike: CPU 0 for the measuring thread, a
/// real-time priority while its round runs, no CPU that halts. What this process may not have, neither side gets.</summary>
/// <remarks>CPU 0, because KVM's memslot updates wait for SRCU's grace periods, which end there. The priority is for the
/// measuring thread alone and only for its rounds: others at it would starve the kernel's workers.</remarks>
internal sealed partial class QuietRegime : IDisposable
{
    private const int Cpu = 0;
    private const int Priority = 50;
    private const int SchedFifo = 1;
    private const int CallingThread = 0;

    private readonly FileStream? _latencyRequest;
    private readonly bool _pinned;
    private readonly bool _realTime;

    private QuietRegime(FileStream? latencyRequest, bool pinned, bool realTime) =>
        (_latencyRequest, _pinned, _realTime) = (latencyRequest, pinned, realTime);

    /// <summary>Nothing of it: for work whose times do not matter.</summary>
    public static QuietRegime None { get; } = new(latencyRequest: null, pinned: false, realTime: false);

    /// <summary>What the peer is told; idle states are also kept away by this process for both.</summary>
    public IReadOnlyList<string> PeerArguments =>
    [
        .. _pinned ? ["--pin"] : Array.Empty<string>(),
        .. _realTime ? ["--fifo", $"{Priority}"] : Array.Empty<string>(),
        .. _latencyRequest is not null ? ["--no-idle"] : Array.Empty<string>(),
    ];

    public string Description => string.Join(", ",
        _pinned ? $"CPU {Cpu}" : "not pinned (refused)",
        _realTime ? $"SCHED_FIFO {Priority}" : "ordinary priority (SCHED_FIFO refused)",
        _latencyRequest is not null ? "no idle states" : "idle states as they are (/dev/cpu_dma_latency refused)");

    /// <summary>Finds out what may be had, and keeps idle states away until disposed of.</summary>
    public static QuietRegime Begin()
    {
        (bool pinned, bool realTime) = (false, false);
        // Tried on a thread that then ends, so that nothing of it stays.
        Thread trial = new(() => (pinned, realTime) = (Processors.PinTo(Cpu), GoRealTime()));
        trial.Start();
        trial.Join();
        return new QuietRegime(RequestNoLatency(), pinned, realTime);
    }

    /// <summary>Puts the calling thread under the regime for the rest of its life.</summary>
    public void Enter()
    {
        if (_pinned) _ = Processors.PinTo(Cpu);
        if (_realTime) _ = GoRealTime();
    }

    public void Dispose() => _latencyRequest?.Dispose();

    /// <summary>A wake-up latency of zero microseconds is asked for as long as the file is open.</summary>
    private static FileStream? RequestNoLatency()
    {
        try
        {
            FileStream file = new("/dev/cpu_dma_latency", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write([0, 0, 0, 0]);
            return file;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static unsafe bool GoRealTime()
    {
        int priority = Priority;
        // SAFETY: struct sched_param is one int, which the kernel reads before the call returns.
        return OperatingSystem.IsLinux() && SetScheduler(CallingThread, SchedFifo, &priority) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static unsafe partial int SetScheduler(int thread, int policy, int* parameters);
}
