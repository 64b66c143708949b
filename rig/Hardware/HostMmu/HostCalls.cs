using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>The calls of libc that only <c>--mmu host</c> needs: signals, userfaultfd, what the kernel counted. Errno as in
/// <see cref="Libc"/>.</summary>
internal static unsafe partial class HostCalls
{
    public const int SignalBus = 7;
    public const int SignalSegv = 11;

    /// <summary>A real-time signal that neither glibc (32, 33) nor the runtime (34) uses.</summary>
    public const int SignalKick = 58;

    public const int HandlerTakesInfo = 4;
    public const int HandlerOnStack = 0x0800_0000;
    public const int HandlerRestarts = 0x1000_0000;
    public const int SeekEnd = 2;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const short PollIn = 1;
    public const long SystemCallUserfault = 323;
    public const int UserModeOnly = 1;

    /// <summary>struct sigaction of glibc and musl on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SignalAction
    {
        public nint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nint Restorer;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Polled
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    public static partial int Sigaction(int signal, SignalAction* action, SignalAction* previous);

    [LibraryImport("libc", EntryPoint = "tgkill", SetLastError = true)]
    public static partial int ThreadKill(int process, int thread, int signal);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(Polled* polled, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long SystemCall(long number, long argument);

    /// <summary>Page faults of the process so far that needed no device, and those that did.</summary>
    public static (long Minor, long Major) PageFaults()
    {
        const int self = 0, words = 18, minor = 8, major = 9;
        long* usage = stackalloc long[words];
        // SAFETY: struct rusage is 18 words on x86-64, two timevals first.
        _ = ResourceUsage(self, usage);
        return (usage[minor], usage[major]);
    }

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int ResourceUsage(int who, long* usage);
}
