using System.Runtime.InteropServices;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>A KVM VM. Slots: one caller at a time per VM would do, KVM serialises them; vCPUs are made by one thread.</summary>
internal sealed unsafe class KvmVm(Kvm kvm, Descriptor descriptor, KvmCpuid cpuid) : IDisposable
{
    public KvmStatistics Statistics => field ??= new KvmStatistics(descriptor);

    /// <summary>KVM_SET_USER_MEMORY_REGION. On return, for a slot that was deleted, moved or write-protected, no vCPU reaches
    /// what was taken away.</summary>
    /// <param name="slot">Number of the slot.</param>
    /// <param name="flags">1 logs dirty pages, 2 makes it read-only, as <see cref="MemslotFlags"/>.</param>
    /// <param name="guestAddress">Guest physical, page-aligned.</param>
    /// <param name="bytes">Zero deletes the slot.</param>
    /// <param name="userAddress">Of the memory in this process, page-aligned. It stays mapped for as long as the slot is there:
    /// the guest reads and writes it.</param>
    /// <exception cref="SystemCallException">KVM refused; nothing changed.</exception>
    public void SetRegion(int slot, MemslotFlags flags, ulong guestAddress, ulong bytes, Hva userAddress)
    {
        KvmRegion region = new() { Slot = (uint)slot, Flags = (uint)flags, GuestAddress = guestAddress, Bytes = bytes,
            UserAddress = userAddress.Value };
        SetRegion(ref region);
    }

    /// <summary>As above, with the structure made beforehand: the call that is timed.</summary>
    public void SetRegion(ref KvmRegion region)
    {
        // SAFETY: the kernel reads one structure, which is on the caller's stack or pinned here, before the call returns.
        fixed (KvmRegion* pointer = &region)
        {
            if (Libc.Ioctl(descriptor.Number, KvmAbi.SetUserMemoryRegion, (nint)pointer) != 0)
            {
                throw Refused(region, Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <summary>Makes a vCPU with everything that this KVM can show of the processor.</summary>
    /// <exception cref="HardwareUnavailableException">Too many descriptors or too little memory.</exception>
    public KvmVcpu CreateVcpu(int index)
    {
        int number = Libc.Ioctl(descriptor.Number, KvmAbi.CreateVcpu, index);
        if (number < 0) throw Kvm.Exhausted($"KVM_CREATE_VCPU({index})", Marshal.GetLastPInvokeError());
        Descriptor vcpu = new(number);
        try
        {
            cpuid.ApplyTo(vcpu);
            return new KvmVcpu(vcpu, index, kvm.RunBytes);
        }
        catch
        {
            vcpu.Dispose();
            throw;
        }
    }

    /// <summary>KVM_ENABLE_CAP with one argument.</summary>
    /// <exception cref="SystemCallException">KVM refused.</exception>
    public void Enable(int capability, ulong argument)
    {
        KvmEnableCap enable = new() { Capability = (uint)capability, Argument = argument };
        Libc.Checked(Libc.Ioctl(descriptor.Number, KvmAbi.EnableCap, (nint)(&enable)),
            $"KVM_ENABLE_CAP({capability}, 0x{argument:x})");
    }

    /// <summary>KVM_GET_DIRTY_LOG: fetches and clears a slot's bitmap, and write-protects again what was dirty. Returns the dirty
    /// pages.</summary>
    /// <param name="slot">Number of the slot, which logs.</param>
    /// <param name="bitmap">A bit per page of the slot, in whole words.</param>
    public long FetchDirtyLog(int slot, Span<ulong> bitmap)
    {
        fixed (ulong* words = bitmap)
        {
            // SAFETY: the caller's span has a bit for each page of the slot, which is all that the kernel writes.
            KvmDirtyLog log = new() { Slot = (uint)slot, Bitmap = (nint)words };
            Libc.Checked(Libc.Ioctl(descriptor.Number, KvmAbi.GetDirtyLog, (nint)(&log)), $"KVM_GET_DIRTY_LOG({slot})");
        }
        long dirty = 0;
        foreach (ulong word in bitmap) dirty += System.Numerics.BitOperations.PopCount(word);
        return dirty;
    }

    /// <summary>KVM_RESET_DIRTY_RINGS: takes back what was harvested from all vCPUs' rings.</summary>
    public void ResetDirtyRings() =>
        Libc.Checked(Libc.Ioctl(descriptor.Number, KvmAbi.ResetDirtyRings, 0), "KVM_RESET_DIRTY_RINGS");

    public void Dispose() => descriptor.Dispose();

    private static Exception Refused(in KvmRegion region, int errno)
    {
        string call = $"KVM_SET_USER_MEMORY_REGION(slot {region.Slot}, flags {region.Flags}, guest 0x{region.GuestAddress:x}, "
            + $"{region.Bytes} bytes, user 0x{region.UserAddress:x})";
        return errno == Errnos.Enomem ? Kvm.Exhausted(call, errno) : new SystemCallException(call, errno);
    }
}
