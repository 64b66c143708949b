using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>Turns handed out by the process that started this one. Between two turns the whole process is stopped (SIGSTOP):
/// every thread where it stands, those of strategies and runtime too, so that nothing of it runs, waits for locks of others or
/// has to agree to a pause. The parent writes a byte to the standard input and continues the process; it knows from waitid when
/// all threads have stopped.</summary>
/// <remarks>A stopped process does not notice that its parent is gone: the kernel is asked to kill it then. The parent must start
/// it from a thread that lives as long as it does. Linux only.</remarks>
public sealed partial class StoppedTurns : ITurns
{
    private const int SigKill = 9, SigStop = 19;
    private const int PrSetParentDeathSignal = 1;
    private const int StandardInput = 0;
    private const short PollIn = 1;

    private readonly Action _stop;
    private readonly int _input;

    /// <exception cref="PlatformNotSupportedException">There are no such signals here.</exception>
    public StoppedTurns(TimeSpan length) : this(length, StandardInput, StopProcess)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException(
            "Turns are taken by stopped processes, which only Linux has.");
        _ = SetProcessOption(PrSetParentDeathSignal, SigKill, 0, 0, 0);
    }

    /// <summary>With a stop and a descriptor of the test's own.</summary>
    internal StoppedTurns(TimeSpan length, int input, Action stop) => (Length, _input, _stop) = (length, input, stop);

    public TimeSpan Length { get; }

    public bool Await()
    {
        while (true)
        {
            // The parent may have died before the kernel was asked: a process that stopped now would stop for good.
            if (HasInput(out bool isClosed) && isClosed) return false;
            _stop();
            // Continued by somebody else, such as a shell that continues its whole job: not yet.
            if (HasInput(out isClosed)) return !isClosed && ReadByte();
        }
    }

    /// <summary>Directed at the calling thread, which takes it before it returns: whoever continues the process then finds it
    /// stopped, and never just before.</summary>
    private static void StopProcess() => _ = SignalThread(Environment.ProcessId, ThreadPlacement.ThreadId, SigStop);

    /// <summary>Whether a byte, or the end, can be read without waiting; the end only once all bytes are read.</summary>
    private bool HasInput(out bool isClosed)
    {
        PollEntry entry = new() { Descriptor = _input, Events = PollIn };
        bool isReady = Poll(ref entry, 1, 0) > 0;
        isClosed = isReady && (entry.Found & PollIn) == 0;
        return isReady;
    }

    private bool ReadByte() => Read(_input, out byte _, 1) == 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Found;
    }

    [LibraryImport("libc", EntryPoint = "tgkill")]
    private static partial int SignalThread(int process, int thread, int signal);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int SetProcessOption(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, out byte buffer, nuint count);
}
