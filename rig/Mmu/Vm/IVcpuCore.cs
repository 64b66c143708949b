using System.Runtime.InteropServices;

namespace Lab.Mmu;

/// <summary>What a guest does to a page.</summary>
public enum AccessKind
{
    Read,
    Write,
    Execute,
}

/// <summary>What the guest saw of one access of its own. Layout shared with machine code: 16 bytes.</summary>
/// <param name="Stamp">The word it read from the page: <see cref="FrameStamp"/>, or zero if the host has dropped the
/// page.</param>
/// <param name="Ticks">Time-stamp counter around the access, faults included.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct GuestTouch(ulong Stamp, ulong Ticks);

/// <summary>Why a core stopped running the guest.</summary>
public enum CoreExitReason
{
    /// <summary>All accesses asked for were made.</summary>
    Done,

    /// <summary>The vCPU's request word is not zero; the access that it interrupted was not made.</summary>
    Request,

    /// <summary>The next access finds nothing there, or not for this kind of access. The lab must map it or skip it.</summary>
    Fault,

    /// <summary>Something that a sound guest and a sound host never produce; the run cannot go on.</summary>
    Failed,
}

/// <param name="Reason">Why.</param>
/// <param name="Next">Number of the first access that was not made.</param>
/// <param name="Complaint">With <see cref="CoreExitReason.Failed"/>: what happened, with registers and addresses.</param>
public readonly record struct CoreExit(CoreExitReason Reason, int Next, string? Complaint = null);

/// <summary>A virtual CPU whose accesses the processor itself makes, through the tables of whichever root it is told to run on.
/// Driven by the vCPU's thread alone, except for <see cref="Kick"/>.</summary>
/// <remarks>An access counts as made only if the vCPU's request word was still zero after it, exactly as on the software walk
/// (<see cref="VcpuRequests"/>): the guest's code reads the word itself, after the access. A membarrier interrupts a processor in
/// guest mode as any other.</remarks>
public interface IVcpuCore : IDisposable
{
    /// <summary>Accesses that one stay in the guest can hold.</summary>
    int Capacity { get; }

    /// <summary>What the accesses made last found; valid for those below the exit's <see cref="CoreExit.Next"/>, until the next
    /// run.</summary>
    Span<GuestTouch> Touches { get; }

    /// <summary>Puts an access on the guest's list.</summary>
    void Put(int index, Gfn gfn, AccessKind kind);

    /// <summary>Makes the accesses from <paramref name="first"/> to before <paramref name="end"/>, in order, until one cannot be
    /// made.</summary>
    CoreExit Run(TdpRoot root, int first, int end);

    /// <summary>Gets the vCPU's thread out of the guest, from any thread: it comes back as if nothing had happened and goes on
    /// when run again.</summary>
    void Kick();
}
