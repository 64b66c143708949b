using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>The calls of libc that the hardware needs. Each leaves errno in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static unsafe partial class Libc
{
    // SAFETY: declarations only; whoever passes a buffer says why it is large enough.
    public const int ProtNone = 0;
    public const int ProtRead = 1;
    public const int ProtWrite = 2;
    public const int ProtExec = 4;
    public const int MapShared = 0x01;
    public const int MapPrivate = 0x02;
    public const int MapFixed = 0x10;
    public const int MapAnonymous = 0x20;
    public const int MapNoReserve = 0x4000;
    public const int MadviseDontNeed = 4;
    public const int MadviseHugePage = 14;
    public const int MadviseNoHugePage = 15;
    public const int OpenReadOnly = 0;
    public const int OpenWriteOnly = 1;
    public const int OpenReadWrite = 2;
    public const int OpenCloseOnExec = 0x80000;
    public const int MemfdCloseOnExec = 1;
    public const int FallocateKeepSize = 1;
    public const int FallocatePunchHole = 2;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(int descriptor, void* buffer, nuint bytes, long offset);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint bytes, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    public static partial int Protect(nint address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nint address, nuint bytes, int advice);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, long bytes);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int descriptor, int mode, long offset, long bytes);

    /// <summary>The kernel's number of the calling thread, which it keeps for life: a system call the first time only, for it is
    /// asked on the way into every KVM_RUN.</summary>
    public static int ThreadId() => KnownThreadId != 0 ? KnownThreadId : KnownThreadId = GetThreadId();

    [ThreadStatic]
    private static int KnownThreadId;

    /// <summary>perf_event_open has no function of its own in libc.</summary>
    public static nint PerfEventOpenNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 241 : 298;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint PerfEventOpen(nint number, PerfEventAttr* attr, nint threadId, nint cpu, nint group, nuint flags);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "getpid")]
    public static partial int ProcessId();

    /// <summary>Fails with the call's text and errno if <paramref name="result"/> is -1; else returns it.</summary>
    public static int Checked(int result, string call) =>
        result != -1 ? result : throw new SystemCallException(call, Marshal.GetLastPInvokeError());
}
