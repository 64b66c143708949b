using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>The KVM device. Any thread.</summary>
internal sealed class Kvm : IDisposable
{
    private readonly Descriptor _device;
    private readonly KvmCpuid _cpuid;

    private Kvm(Descriptor device, int runBytes)
    {
        _device = device;
        RunBytes = runBytes;
        _cpuid = KvmCpuid.Supported(device);
    }

    /// <summary>Bytes of a vCPU's shared page (KVM_GET_VCPU_MMAP_SIZE).</summary>
    public int RunBytes { get; }

    /// <summary>Opens the device and checks that it is a KVM that can do what the lab needs.</summary>
    /// <exception cref="HardwareUnavailableException">It is not; the message says what to do.</exception>
    public static Kvm Open(string path)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new HardwareUnavailableException("--mmu kvm needs Linux on x86-64; use --mmu radix on this machine.");
        }
        int number = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenCloseOnExec);
        if (number < 0) throw CannotOpen(path, Marshal.GetLastPInvokeError());
        Descriptor device = new(number);
        try
        {
            int version = Libc.Ioctl(number, KvmAbi.GetApiVersion, 0);
            if (version < 0) throw new HardwareUnavailableException(
                $"{path} is not a KVM device; name one with --kvm-device, usually /dev/kvm.");
            if (version != KvmAbi.ApiVersion) throw new HardwareUnavailableException(
                $"{path} has KVM API version {version}, the lab needs {KvmAbi.ApiVersion}; boot a newer kernel.");
            Need(device, path, KvmAbi.CapUserMemory, "user memory slots (KVM_CAP_USER_MEMORY)");
            Need(device, path, KvmAbi.CapSyncMmu, "an MMU that follows the host's (KVM_CAP_SYNC_MMU)");
            Need(device, path, KvmAbi.CapImmediateExit, "immediate exits (KVM_CAP_IMMEDIATE_EXIT, Linux 4.13)");
            int runBytes = Libc.Checked(Libc.Ioctl(number, KvmAbi.GetVcpuMmapSize, 0), "KVM_GET_VCPU_MMAP_SIZE");
            return new Kvm(device, runBytes);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>What KVM_CHECK_EXTENSION says: zero is absent, else present or a number.</summary>
    public int Extension(int capability) => Math.Max(0, Libc.Ioctl(_device.Number, KvmAbi.CheckExtension, capability));

    /// <summary>A VM without slots or vCPUs.</summary>
    /// <exception cref="HardwareUnavailableException">Too many descriptors or too little memory.</exception>
    public KvmVm CreateVm()
    {
        int number;
        // Interrupted by a signal while it starts a kernel thread: nothing was made.
        do number = Libc.Ioctl(_device.Number, KvmAbi.CreateVm, 0);
        while (number < 0 && Marshal.GetLastPInvokeError() == Errnos.Eintr);
        if (number < 0) throw Exhausted("KVM_CREATE_VM", Marshal.GetLastPInvokeError());
        return new KvmVm(this, new Descriptor(number), _cpuid);
    }

    public void Dispose() => _device.Dispose();

    /// <summary>What to say where contexts cannot be made.</summary>
    internal static Exception Exhausted(string call, int errno) => errno switch
    {
        Errnos.Emfile => new HardwareUnavailableException($"{call} failed: this process has too many open files (EMFILE); raise "
            + "'ulimit -n' or lower --contexts or --vcpus."),
        Errnos.Enfile => new HardwareUnavailableException(
            $"{call} failed: the system has too many open files (ENFILE); lower --contexts or --vcpus."),
        Errnos.Enomem => new HardwareUnavailableException($"{call} ran out of memory (ENOMEM); lower --contexts, --vcpus or "
            + "--memory, or raise the memory limit of the control group."),
        _ => new SystemCallException(call, errno),
    };

    private static HardwareUnavailableException CannotOpen(string path, int errno) => new(errno switch
    {
        Errnos.Enoent => $"There is no {path}: load KVM (modprobe kvm_intel or kvm_amd), allow nesting in the hypervisor below, "
            + "or use --mmu radix.",
        Errnos.Eacces or Errnos.Eperm =>
            $"{path} cannot be opened by this user: join the group that owns it (usually kvm), or run as root.",
        Errnos.Enodev or Errnos.Enxio => $"{path} has no driver: load KVM (modprobe kvm_intel or kvm_amd) or use --mmu radix.",
        Errnos.Ebusy =>
            $"{path} is busy: another hypervisor is using the processor's virtualization; stop it, or use --mmu radix.",
        _ => $"{path} cannot be opened ({SystemCallException.ErrnoName(errno)}); name a KVM device with --kvm-device, or "
            + "use --mmu radix.",
    });

    private static void Need(Descriptor device, string path, int capability, string what)
    {
        if (Libc.Ioctl(device.Number, KvmAbi.CheckExtension, capability) <= 0)
        {
            throw new HardwareUnavailableException($"{path} lacks {what}; boot a newer kernel or use --mmu radix.");
        }
    }
}

/// <summary>What KVM can show a guest of the processor (struct kvm_cpuid2).</summary>
internal sealed unsafe class KvmCpuid
{
    /// <summary>The count and padding before the entries.</summary>
    public const int HeaderBytes = 8;

    private const int EntryBytes = 40;
    private const int EntriesMax = 256;
    private readonly byte[] _table = new byte[HeaderBytes + EntriesMax * EntryBytes];

    /// <summary>Everything that this KVM supports.</summary>
    public static KvmCpuid Supported(Descriptor device)
    {
        KvmCpuid cpuid = new();
        fixed (byte* table = cpuid._table)
        {
            // SAFETY: the count says how many entries the array has room for; the kernel writes no more.
            *(uint*)table = EntriesMax;
            Libc.Checked(Libc.Ioctl(device.Number, KvmAbi.GetSupportedCpuid, (nint)table), "KVM_GET_SUPPORTED_CPUID");
        }
        return cpuid;
    }

    public void ApplyTo(Descriptor vcpu)
    {
        // SAFETY: the kernel reads the entries counted in the header, all inside the array.
        fixed (byte* table = _table) Libc.Checked(Libc.Ioctl(vcpu.Number, KvmAbi.SetCpuid2, (nint)table), "KVM_SET_CPUID2");
    }
}
