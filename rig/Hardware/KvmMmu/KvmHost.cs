using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>KVM and its contexts.</summary>
internal sealed class KvmHost(HardwareSettings settings) : IHardwareHost
{
    public string Name => "kvm";

    public IReadOnlyList<string> Notes => [];

    public IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, bool kernelSlots)
        where TMachine : struct, IMachine => throw new HardwareUnavailableException($"--mmu kvm is not built yet ({settings.KvmDevice}).");

    public void KickAll() { }

    public void Dispose() { }
}
