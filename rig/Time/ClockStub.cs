using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Lab.Time;

/// <summary>One page of machine code that reads the time-stamp counter: .NET has no intrinsic for it. The page is written while
/// it is writable and made executable afterwards; it is never both.</summary>
internal sealed unsafe partial class ClockStub : SafeHandle
{
    private const nuint PageBytes = 4096;
    private const int OrderedOffset = 64;
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;
    private const int MapPrivate = 0x02, MapAnonymous = 0x20;

    // Both follow the System V and the Microsoft calling convention: result in rax, only rax and rdx changed.
    private static ReadOnlySpan<byte> Plain =>
    [
        0x0F, 0x31,             // rdtsc           edx:eax = counter
        0x48, 0xC1, 0xE2, 0x20, // shl rdx, 32
        0x48, 0x09, 0xD0,       // or  rax, rdx
        0xC3,                   // ret
    ];

    private static ReadOnlySpan<byte> Ordered =>
    [
        0x0F, 0xAE, 0xE8,       // lfence          every earlier instruction has completed, loads included
        0x0F, 0x31,             // rdtsc
        0x48, 0xC1, 0xE2, 0x20, // shl rdx, 32
        0x48, 0x09, 0xD0,       // or  rax, rdx
        0xC3,                   // ret
    ];

    // For the life of the process: a Clock copies the addresses, so the page must outlive every Clock.
    private static readonly ClockStub? OfProcess = TryCreate();

    private ClockStub(nint page) : base(-1, ownsHandle: true) => SetHandle(page);

    /// <summary>The process's stub, or null where none can be had: not x86-64, not Linux, or executable memory refused.</summary>
    public static ClockStub? Process => OfProcess;

    public override bool IsInvalid => handle == -1;

    /// <summary><c>rdtsc</c>: may run before earlier loads have completed.</summary>
    public delegate* unmanaged[SuppressGCTransition]<ulong> Read
    {
        get
        {
            // SAFETY: the page holds Plain at offset 0, is executable, and is never unmapped while OfProcess roots this object.
            unsafe { return (delegate* unmanaged[SuppressGCTransition]<ulong>)handle; }
        }
    }

    /// <summary><c>lfence; rdtsc</c>: runs after everything earlier has completed.</summary>
    public delegate* unmanaged[SuppressGCTransition]<ulong> ReadOrdered
    {
        get
        {
            // SAFETY: the page holds Ordered at OrderedOffset; otherwise as for Read.
            unsafe { return (delegate* unmanaged[SuppressGCTransition]<ulong>)(handle + OrderedOffset); }
        }
    }

    protected override bool ReleaseHandle() => Unmap(handle, PageBytes) == 0;

    private static ClockStub? TryCreate()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported) return null;
        nint page = Map(0, PageBytes, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1, 0);
        if (page == -1) return null;
        ClockStub stub = new(page);

        // SAFETY: the kernel gave us PageBytes writable bytes at page, and both stubs end well before PageBytes.
        unsafe
        {
            Plain.CopyTo(new Span<byte>((void*)page, OrderedOffset));
            Ordered.CopyTo(new Span<byte>((void*)(page + OrderedOffset), OrderedOffset));
        }

        if (Protect(page, PageBytes, ProtRead | ProtExec) == 0) return stub;
        stub.Dispose();
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
