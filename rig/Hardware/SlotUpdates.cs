namespace Lab.Hardware;

/// <summary>Who carries out a VM's memslot updates, and what a delete zaps.</summary>
public enum SlotUpdates
{
    /// <summary>The lab's own pipeline, over roots that are address spaces.</summary>
    Lab,

    /// <summary>The running kernel, on one VM, as <see cref="HardwareSettings.SlotZapAll"/> says. Only <c>kvm</c> can.</summary>
    Kernel,

    /// <summary>The running kernel, told to zap only the deleted slot's own mappings.</summary>
    KernelSlotAlone,
}
