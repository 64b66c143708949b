using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>A vCPU's ring of dirty pages (KVM_CAP_DIRTY_LOG_RING): the kernel appends, one harvester at a time takes.</summary>
internal sealed unsafe class KvmDirtyRing : IDisposable
{
    /// <summary>Size of every ring: 65,536 entries, KVM's most.</summary>
    public const ulong Bytes = 65_536 * 16;

    private const int Entries = (int)Bytes / 16;
    private readonly nint _ring;
    private uint _next;

    public KvmDirtyRing(KvmVcpu vcpu)
    {
        _ring = Libc.Map(0, (nuint)Bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, vcpu.Descriptor.Number,
            KvmAbi.DirtyRingOffset);
        if (_ring == -1) throw new SystemCallException($"mmap(dirty ring of vCPU {vcpu.Index})", Marshal.GetLastPInvokeError());
    }

    /// <summary>The capability by which this kernel has rings.</summary>
    /// <exception cref="HardwareUnavailableException">It has none.</exception>
    public static int Capability(Kvm kvm)
    {
        if (kvm.Extension(KvmAbi.CapDirtyLogRing) > 0) return KvmAbi.CapDirtyLogRing;
        if (kvm.Extension(KvmAbi.CapDirtyLogRingAcquireRelease) > 0) return KvmAbi.CapDirtyLogRingAcquireRelease;
        throw new HardwareUnavailableException(
            "--dirty ring needs KVM_CAP_DIRTY_LOG_RING (Linux 5.11), which this kernel lacks; use --dirty log.");
    }

    /// <summary>Takes what is new; the pages are protected again by <see cref="KvmVm.ResetDirtyRings"/>.</summary>
    public long Harvest()
    {
        long taken = 0;
        while (true)
        {
            // SAFETY: the ring is mapped with this many entries as long as this object is not disposed of.
            KvmDirtyGfn* entry = (KvmDirtyGfn*)_ring + _next % Entries;
            // The kernel publishes an entry by setting the bit last.
            if ((Volatile.Read(ref entry->Flags) & KvmAbi.DirtyGfnDirty) == 0) return taken;
            Volatile.Write(ref entry->Flags, KvmAbi.DirtyGfnReset);
            _next++;
            taken++;
        }
    }

    public void Dispose()
    {
        if (_ring != -1) _ = Libc.Unmap(_ring, (nuint)Bytes);
    }
}
