using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lab.Mmu;

/// <summary>What happened to a root or to a table, in the words of the kernel's tracepoints.</summary>
public enum MmuEventKind : byte
{
    None,

    /// <summary>A vCPU got its root (return of kvm_tdp_mmu_get_vcpu_root_hpa / alloc_root).</summary>
    RootLoad,

    /// <summary>A table page was linked; level and first gfn say which. Level 4 or 5 is a new root.</summary>
    GetPage,

    /// <summary>A reference was taken by anybody but a loading vCPU; count is the one before.</summary>
    Get,

    /// <summary>A reference is being dropped; count is the one before.</summary>
    Put,

    /// <summary>kvm_mmu_zap_all_fast began.</summary>
    ZapAllFast,

    /// <summary>The invalidation of all roots began.</summary>
    InvalidateAll,

    /// <summary>One root became invalid.</summary>
    Invalidate,

    /// <summary>A root was queued for a worker.</summary>
    Queue,

    ExecuteStart,
    ExecuteEnd,

    /// <summary>The completion of the fast zap began (kvm_tdp_mmu_zap_invalidated_roots), and ended.</summary>
    ZapInvalidatedStart,
    ZapInvalidatedEnd,

    /// <summary>A pass over a root's SPTEs down to <see cref="MmuEvent.Level"/> began.</summary>
    ZapRoot,

    /// <summary>A table page was taken out of the tree (kvm_mmu_prepare_zap_page).</summary>
    ZapPage,

    /// <summary>Remote TLBs were flushed.</summary>
    FlushTlb,

    /// <summary>A root left the list.</summary>
    Unlink,

    /// <summary>A root was freed after its grace period.</summary>
    FreeRoot,

    /// <summary>A memslot update began (Detail: slot) and ended.</summary>
    UpdateStart,
    UpdateEnd,

    /// <summary>The tear-down of the VM began, and ended.</summary>
    DestroyStart,
    DestroyEnd,

    Violation,
}

/// <summary>One recorded event. Time is nanoseconds of the machine's clock, which on threads is CLOCK_MONOTONIC;
/// <see cref="RefCount"/> is the root's count on entry.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct MmuEvent(
    long Time, ulong RootId, long RefCount, ulong Detail, MmuEventKind Kind, byte Level, bool Shared, bool Invalid);

/// <summary>The last events of one actor, in native memory; the oldest is overwritten. Written by the actor alone; readers on
/// other threads get whole events unless the writer laps them while they read, which <see cref="Snapshot"/> drops.</summary>
public sealed unsafe class EventRing : IDisposable
{
    /// <summary>Events kept per actor.</summary>
    public const int Capacity = 4096;

    private readonly NativeBlock _block = new((long)Capacity * sizeof(MmuEvent));
    private readonly MmuEvent* _events;
    private ulong _written;

    // SAFETY: the block is owned by this ring and is as large as Capacity events.
    internal EventRing() => _events = (MmuEvent*)_block.Address;

    /// <summary>Events recorded since the ring was cleared, including those overwritten.</summary>
    public ulong Written => Volatile.Read(ref _written);

    /// <summary>Frees the memory. Rings of actors that left are kept for the next actor instead.</summary>
    public void Dispose() => _block.Dispose();

    internal void Clear() => Volatile.Write(ref _written, 0);

    /// <summary>Records an event. Its time may have been taken before: on entry to what it tells of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Record(in MmuEvent one)
    {
        ulong at = _written;
        // SAFETY: the index is below Capacity; this thread is the only writer.
        _events[at & (Capacity - 1)] = one;
        Volatile.Write(ref _written, at + 1);
    }

    /// <summary>An event by its number, below <see cref="Written"/> and not yet overwritten. For the writer's own
    /// thread.</summary>
    // SAFETY: the index is below Capacity.
    internal MmuEvent At(ulong number) => _events[number & (Capacity - 1)];

    /// <summary>Copies the events that are still there, oldest first.</summary>
    public MmuEvent[] Snapshot()
    {
        ulong end = Written;
        ulong start = end > Capacity ? end - Capacity : 0;
        List<MmuEvent> events = new((int)(end - start));
        for (ulong at = start; at < end; at++)
        {
            // SAFETY: the index is below Capacity; a torn copy is possible when the writer laps us and is dropped below.
            MmuEvent copy = _events[at & (Capacity - 1)];
            if (Written - at <= Capacity - 1) events.Add(copy);
        }
        return [.. events];
    }
}

/// <summary>How code on a machine records what it does: as its own actor, at the machine's time.</summary>
internal static class MachineEvents
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Record<TMachine>(
        this TMachine machine, MmuEventKind kind, ulong rootId = 0, long refCount = 0, ulong detail = 0,
        PageLevel level = PageLevel.None, bool shared = false, bool invalid = false)
        where TMachine : IMachine =>
        machine.Actor.Events.Record(
            new MmuEvent(machine.Timestamp(), rootId, refCount, detail, kind, (byte)level, shared, invalid));

    /// <summary>Records what happens to a root, with its count and validity as they are now.</summary>
    public static void Record<TMachine>(this TMachine machine, MmuEventKind kind, TdpRoot root, PageLevel level, bool shared)
        where TMachine : IMachine =>
        machine.Record(kind, root.Id, (long)root.Count, 0, level, shared, (root.Role & RootRole.Invalid) != 0);
}
