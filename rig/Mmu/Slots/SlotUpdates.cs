namespace Lab.Mmu;

/// <summary>Who carries out a VM's memslot updates, and what a delete zaps.</summary>
public enum SlotUpdates
{
    /// <summary>The lab's own pipeline, over roots that are address spaces.</summary>
    Lab,

    /// <summary>The running kernel, on one VM, with its quirk as the settings of the hardware say. Only <c>kvm</c> can.</summary>
    Kernel,

    /// <summary>The running kernel, told to zap only the deleted slot's own mappings.</summary>
    KernelSlotAlone,
}
