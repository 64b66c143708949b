namespace Lab.Mmu;

/// <summary>An MMU that the processor walks: tables, faults and shoot-downs are the kernel's, and what the lab maps and zaps are
/// pieces of address space.</summary>
public interface IHardwareMmu : IMmu, IGuestMemory
{
    /// <summary>If not null, memslot updates go straight to the kernel instead of through the lab's pipeline.</summary>
    ISlotKernel? SlotKernel { get; }

    /// <summary>The core of a vCPU. <paramref name="requestWord"/> is the vCPU's word in <see cref="VcpuRequests"/>.</summary>
    IVcpuCore NewCore(int vcpu, nint requestWord);
}
