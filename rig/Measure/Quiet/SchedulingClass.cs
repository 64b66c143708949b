using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>The scheduling class of the calling thread: real time while raised, the ordinary one while not. Threads that it
/// starts are ordinary in either case. Used by one thread alone.</summary>
internal sealed unsafe partial class SchedulingClass(int priority)
{
    private const int Other = 0;
    private const int Fifo = 1;

    // Inherited otherwise: a worker that an updater starts would be real-time as well. Once set, only privilege may clear it, so
    // it stays set.
    private const int ResetOnFork = 0x4000_0000;
    private const int CallingThread = 0;

    private bool _isRaised;

    /// <summary>What the kernel refused, as errno; 0 while it has refused nothing. After a refusal nothing is tried any
    /// more.</summary>
    public int Refusal { get; private set; }

    public int Priority => priority;

    public void Raise()
    {
        if (_isRaised || Refusal != 0) return;
        Refusal = Set(Fifo | ResetOnFork, priority);
        _isRaised = Refusal == 0;
    }

    public void Lower()
    {
        if (!_isRaised) return;
        _ = Set(Other | ResetOnFork, 0); // giving up a privilege is always allowed
        _isRaised = false;
    }

    /// <summary>Why it could not be had, with the remedy.</summary>
    public string Sentence(string actor) =>
        $"SCHED_FIFO was refused to {actor} (errno {Refusal}: {Marshal.GetPInvokeErrorMessage(Refusal)}): give CAP_SYS_NICE, "
            + "raise RLIMIT_RTPRIO, or run as root.";

    /// <summary>The class of a thread of this process (0 other, 1 FIFO), or -1; without the flag above.</summary>
    internal static int Of(int threadId) => GetScheduler(threadId) is var policy and >= 0 ? policy & ~ResetOnFork : -1;

    private static int Set(int policy, int priority)
    {
        if (!OperatingSystem.IsLinux()) return 38; // ENOSYS

        // SAFETY: struct sched_param is one int, which the kernel reads from the stack.
        unsafe
        {
            return SetScheduler(CallingThread, policy, &priority) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int threadId, int policy, int* parameters);

    [LibraryImport("libc", EntryPoint = "sched_getscheduler")]
    private static partial int GetScheduler(int threadId);
}
