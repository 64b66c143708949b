using System.Runtime.InteropServices;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>The lab's memslots as memslots of one KVM VM: each update is one ioctl.</summary>
internal sealed class KvmSlots : ISlotKernel
{
    private readonly Dictionary<int, Memslot> _slots = [];
    private readonly KvmDirtyRing[] _rings = [];
    private ulong[] _bitmap = [];

    public KvmSlots(KvmContext context, DirtyTracking dirty)
    {
        Context = context;
        if (dirty == DirtyTracking.Ring) _rings = [.. context.Vcpus.Select(vcpu => new KvmDirtyRing(vcpu))];
    }

    public KvmContext Context { get; }

    public void Create(in Memslot slot)
    {
        Set(slot, slot.Range.Start, (ulong)Bytes(slot), slot.Flags);
        lock (_slots) _slots[slot.Id] = slot;
    }

    public void Delete(in Memslot slot)
    {
        Set(slot, slot.Range.Start, bytes: 0, MemslotFlags.None);
        lock (_slots) _slots.Remove(slot.Id);
    }

    public void Move(in Memslot slot, Gfn newBase)
    {
        Set(slot, newBase, (ulong)Bytes(slot), slot.Flags);
        lock (_slots) _slots[slot.Id] = slot with { Range = new GfnRange(newBase, newBase + slot.Range.Frames) };
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

    /// <summary>
    /// Drops the host's mappings of what lies behind the range (MADV_DONTNEED), and with them the guest's. Memory of a file keeps its contents,
    /// anonymous memory reads as zeroes afterwards. Any thread.
    /// </summary>
    public void Drop(GfnRange range)
    {
        lock (_slots)
        {
            foreach (Memslot slot in _slots.Values)
            {
                ulong start = Math.Max(range.Start.Value, slot.Range.Start.Value), end = Math.Min(range.End.Value, slot.Range.End.Value);
                if (start >= end) continue;
                nint address = (nint)(slot.Frame + (start - slot.Range.Start.Value) * SlotMemory.PageBytes);
                nuint bytes = (nuint)((end - start) * SlotMemory.PageBytes);
                if (Libc.Advise(address, bytes, Libc.MadviseDontNeed) != 0)
                    throw new SystemCallException($"madvise(0x{address:x}, {bytes} bytes, MADV_DONTNEED)", Marshal.GetLastPInvokeError());
            }
        }
    }

    private void Set(in Memslot slot, Gfn place, ulong bytes, MemslotFlags flags) =>
        Context.Vm.SetRegion(KvmContext.FirstSlot + slot.Id, flags, place.Value << 12, bytes, slot.Frame);

    private static long Bytes(in Memslot slot) => (long)slot.Range.Frames * SlotMemory.PageBytes;
}
