namespace Lab.Application.Guests;

/// <summary>What the guest boots into: busybox, init, modules and the lab.</summary>
internal static class Initramfs
{
    public const string BusyBox = "busybox", BusyBoxPackage = "busybox-static";

    /// <summary>Those that are wanted; what they depend on comes with them. Of the two for KVM init loads the
    /// processor's.</summary>
    private static readonly string[] Wanted = ["kvm_amd", "kvm_intel", "virtio_pci", "virtio_blk"];

    private static readonly string[] Applets = ["sh", "mount", "mkdir", "stty", "insmod", "ifconfig", "uname", "cat", "ls", "tar",
        "dd", "tail", "dmesg", "echo", "cut", "grep", "sleep", "kill", "poweroff"];

    /// <summary>Writes the archive; a file of the same name is replaced.</summary>
    public static void Write(string path, GuestKernel kernel, IReadOnlyList<IReadOnlyList<string>> commands,
        IReadOnlyDictionary<string, string> environment, TimeSpan keepEvery)
    {
        using FileStream file = File.Create(path);
        CpioArchive archive = new(file);
        foreach (string folder in (string[])["proc", "sys", "dev", "run", "out", "tmp"]) archive.AddDirectory(folder);
        archive.AddFile($"bin/{BusyBox}", HostProgram.Need(BusyBox, BusyBoxPackage));
        foreach (string applet in Applets) archive.AddLink($"bin/{applet}", BusyBox);
        IReadOnlyList<(string Name, byte[] Content)> modules = kernel.Modules.Closure(Wanted);
        foreach ((string name, byte[] content) in modules)
        {
            using MemoryStream stream = new(content);
            archive.Add($"{GuestInit.Modules}/{name}.ko", stream);
        }
        string program = LabInGuest.AddTo(archive);
        archive.Add("init",
            GuestInit.Script(modules.Select(module => module.Name), program, commands, environment, keepEvery));
        archive.End();
    }
}
