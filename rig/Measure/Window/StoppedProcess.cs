using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>A child process that stops itself to wait for its turn (<see cref="StoppedTurns"/>), from its parent's
/// side.</summary>
public static partial class StoppedProcess
{
    private const int SigContinue = 18, Interrupted = 4;
    private const int ByProcess = 1;
    private const int Exited = 4, Stopped = 2, LeaveWaitable = 0x01000000;
    private const int CodeStopped = 5;

    /// <summary>Waits until every thread of it has stopped. False if it has ended instead; that is left for whoever reaps
    /// it.</summary>
    public static bool Await(int process)
    {
        SignalInfo info = default;
        int result;
        do
            result = WaitId(ByProcess, process, ref info, Stopped | Exited | LeaveWaitable);
        while (result != 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return result == 0 && info.Code == CodeStopped;
    }

    public static void Continue(int process) => _ = Kill(process, SigContinue);

    /// <summary>siginfo_t: 128 bytes, of which the first twelve are of interest.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct SignalInfo
    {
        [FieldOffset(8)]
        public int Code;
    }

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitId(int by, int id, ref SignalInfo info, int options);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
