using System.Diagnostics.CodeAnalysis;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>The lab's memslots as memslots of one KVM VM: each update is one ioctl.</summary>
internal sealed unsafe class KvmSlots : ISlotKernel, IDisposable
{
    private readonly SlotMemory _memory;
    private readonly MemoryDrop _drop;
    private readonly KvmDirtyRing[] _rings = [];
    private readonly List<MappedRange> _bystanders = [];

    /// <summary>What there is, for <see cref="DropMemory"/>. Its lock is held over no system call: dropping waits for no update,
    /// and no update for it.</summary>
    private readonly Dictionary<int, (Memslot Slot, SlotBacking Backing)> _slots = [];
    private MappedRange? _outside;
    private ulong[] _bitmap = [];

    public KvmSlots(KvmContext context, SlotMemory memory, HardwareSettings settings)
    {
        Context = context;
        _memory = memory;
        _drop = settings.Drop;
        if (settings.Dirty == DirtyTracking.Ring) _rings = [.. context.Vcpus.Select(vcpu => new KvmDirtyRing(vcpu))];
    }

    public KvmContext Context { get; }

    public bool ReportsRepeat => _rings.Length > 0;

    public void Create(in Memslot slot)
    {
        Set(slot, slot.Range.Start, (ulong)Bytes(slot), slot.Flags);
        lock (_slots) _slots[slot.Id] = (slot, _memory.Find(slot.Hva));
    }

    public void Delete(in Memslot slot)
    {
        Set(slot, slot.Range.Start, bytes: 0, MemslotFlags.None);
        lock (_slots) _slots.Remove(slot.Id);
    }

    public void Move(in Memslot slot, Gfn newBase)
    {
        Set(slot, newBase, (ulong)Bytes(slot), slot.Flags);
        lock (_slots)
        {
            _slots[slot.Id] = (slot with { Range = new GfnRange(newBase, newBase + slot.Range.Frames) }, _memory.Find(slot.Hva));
        }
    }

    public void SetFlags(in Memslot slot, MemslotFlags flags) => Set(slot, slot.Range.Start, (ulong)Bytes(slot), flags);

    public long CollectDirty(in Memslot slot)
    {
        if (_rings.Length == 0)
        {
            int words = (int)((slot.Range.Frames + 63) / 64);
            if (_bitmap.Length < words) _bitmap = new ulong[words];
            return Context.Vm.FetchDirtyLog(KvmContext.FirstSlot + slot.Id, _bitmap.AsSpan(0, words));
        }
        long dirty = 0;
        foreach (KvmDirtyRing ring in _rings) dirty += ring.Harvest();
        if (dirty > 0) Context.Vm.ResetDirtyRings();
        return dirty;
    }

    public void CreateBystanders(int firstId, int count, Gfn start)
    {
        MappedRange memory = MappedRange.Anonymous((long)count * SlotMemory.PageBytes);
        _bystanders.Add(memory);
        for (int index = 0; index < count; index++)
        {
            ulong place = (start.Value + 2 * (ulong)index) << 12;
            Context.Vm.SetRegion(KvmContext.FirstSlot + firstId + index, MemslotFlags.None, place, SlotMemory.PageBytes,
                memory.Hva + (ulong)index * SlotMemory.PageBytes);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A slot that is deleted meanwhile may still lose its memory's pages: that memory stays mapped here, and is stamped
    /// before it serves anyone else.</remarks>
    public void DropMemory(GfnRange range)
    {
        bool any = false;
        ulong from = range.Start.Value;
        while (TryNext(from, range.End.Value, out Memslot slot, out SlotBacking? backing))
        {
            any = true;
            ulong start = Math.Max(from, slot.Range.Start.Value);
            from = Math.Min(range.End.Value, slot.Range.End.Value);
            long offset = (long)(start - slot.Range.Start.Value) * SlotMemory.PageBytes;
            long bytes = (long)(from - start) * SlotMemory.PageBytes;
            if (_drop == MemoryDrop.DontNeed) DontNeed((nint)slot.Hva.Value + (nint)offset, bytes);
            else PunchHole(backing.FileOffset + offset, bytes);
        }
        if (!any && _outside is { } outside)
        {
            DontNeed((nint)outside.Address, Math.Min(outside.Bytes, (long)range.Frames * SlotMemory.PageBytes));
        }
    }

    public void PopulateOutside(long frames)
    {
        _outside ??= MappedRange.Anonymous(frames * SlotMemory.PageBytes);
        // SAFETY: the memory is mapped read and write until this object is disposed of.
        for (long offset = 0; offset < _outside.Bytes; offset += SlotMemory.PageBytes) *(_outside.Address + offset) = 1;
    }

    public void Dispose()
    {
        foreach (KvmDirtyRing ring in _rings) ring.Dispose();
        foreach (MappedRange memory in _bystanders) memory.Dispose();
        _outside?.Dispose();
    }

    private static void DontNeed(nint address, long bytes) =>
        Libc.Checked(Libc.Advise(address, (nuint)bytes, Libc.MadviseDontNeed),
            $"madvise(0x{address:x}, {bytes} bytes, MADV_DONTNEED)");

    private void PunchHole(long offset, long bytes) => Libc.Checked(
        Libc.Allocate(_memory.File!.Number, Libc.FallocatePunchHole | Libc.FallocateKeepSize, offset, bytes),
        $"fallocate(0x{offset:x}, {bytes} bytes, FALLOC_FL_PUNCH_HOLE)");

    /// <summary>The first slot with frames from one to before the other.</summary>
    private bool TryNext(ulong from, ulong end, out Memslot slot, [NotNullWhen(true)] out SlotBacking? backing)
    {
        (slot, backing) = (default, null);
        if (from >= end) return false;
        lock (_slots)
        {
            foreach ((Memslot candidate, SlotBacking its) in _slots.Values)
            {
                if (candidate.Range.End.Value <= from || candidate.Range.Start.Value >= end) continue;
                if (backing is null || candidate.Range.Start.Value < slot.Range.Start.Value) (slot, backing) = (candidate, its);
            }
        }
        return backing is not null;
    }

    private void Set(in Memslot slot, Gfn place, ulong bytes, MemslotFlags flags) =>
        Context.Vm.SetRegion(KvmContext.FirstSlot + slot.Id, flags, place.Value << 12, bytes, slot.Hva);

    private static long Bytes(in Memslot slot) => (long)slot.Range.Frames * SlotMemory.PageBytes;
}
