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
/// <param name="Stamp">The word it read from the page: <see cref="FrameStamp"/>, or zero if the host has dropped the page.</param>
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

/// <summary>
/// A virtual CPU whose accesses the processor itself makes, through the tables of whichever root it is told to run on. Driven by the vCPU's
/// thread alone, except for <see cref="Kick"/>.
/// </summary>
/// <remarks>
/// An access counts as made only if the vCPU's request word was still zero after it, exactly as on the software walk
/// (<see cref="VcpuRequests"/>): the guest's code reads the word itself, after the access. A membarrier interrupts a processor in guest mode as any other.
/// </remarks>
public interface IVcpuCore : IDisposable
{
    /// <summary>Accesses that one stay in the guest can hold.</summary>
    int Capacity { get; }

    /// <summary>What the accesses made last found; valid for those below the exit's <see cref="CoreExit.Next"/>, until the next run.</summary>
    Span<GuestTouch> Touches { get; }

    /// <summary>Puts an access on the guest's list.</summary>
    void Put(int index, Gfn gfn, AccessKind kind);

    /// <summary>Makes the accesses from <paramref name="first"/> to before <paramref name="end"/>, in order, until one cannot be made.</summary>
    CoreExit Run(TdpRoot root, int first, int end);

    /// <summary>Gets the vCPU's thread out of the guest, from any thread: it comes back as if nothing had happened and goes on when run again.</summary>
    void Kick();
}

/// <summary>Memslot updates that the running kernel carries out itself, each one system call. Hold slots_lock.</summary>
public interface ISlotKernel
{
    /// <summary>Adds the slot. On return an access to it is resolved by the kernel; a guest that met the hole before has to access again.</summary>
    void Create(in Memslot slot);

    /// <summary>
    /// Takes the slot away. On return no vCPU reaches its memory: the kernel has zapped what mapped it and flushed. vCPUs may be in the guest
    /// throughout; their next access to it finds a hole.
    /// </summary>
    void Delete(in Memslot slot);

    /// <summary>Same memory, new place. On return no vCPU reaches it at the old one; at the new one it is faulted in again.</summary>
    void Move(in Memslot slot, Gfn newBase);

    /// <summary>Changes the flags. Once logging is on, on return, the next write of any vCPU to each page is noticed; mappings to read from stay.</summary>
    void SetFlags(in Memslot slot, MemslotFlags flags);

    /// <summary>Fetches and clears what the guest dirtied since the last call; the number of pages.</summary>
    long CollectDirty(in Memslot slot);

    /// <summary>True if <see cref="CollectDirty"/> may count a page twice, as rings do; a log counts it once.</summary>
    bool ReportsRepeat { get; }

    /// <summary>Adds one-page slots in every other frame from <paramref name="start"/> on, numbered from <paramref name="firstId"/>: they are there, and nobody uses them.</summary>
    void CreateBystanders(int firstId, int count, Gfn start);

    /// <summary>
    /// The host drops the memory behind the range, and the kernel's notifier the guest's mappings of it. A range in no slot stands for as much memory
    /// of this process that no slot has. Any thread, without slots_lock.
    /// </summary>
    void DropMemory(GfnRange range);

    /// <summary>Writes to each page of what <see cref="DropMemory"/> drops for a range in no slot, so that there is something to drop. The same thread.</summary>
    void PopulateOutside(long frames);
}

/// <summary>
/// An MMU that the processor walks: tables, faults and shoot-downs are the kernel's, and what the lab maps and zaps are pieces of address space.
/// </summary>
public interface IHardwareMmu : IMmu, IGuestMemory
{
    /// <summary>If not null, memslot updates do not go through the lab's own pipeline but straight to the kernel.</summary>
    ISlotKernel? SlotKernel { get; }

    /// <summary>The core of a vCPU. <paramref name="requestWord"/> is the vCPU's word in <see cref="VcpuRequests"/>.</summary>
    IVcpuCore NewCore(int vcpu, nint requestWord);
}
