using System.Text;
using Lab.Tests.Results;

namespace Lab.Tests.Guests;

/// <summary>Trees and packages that look like kernels, and programs that look like QEMU: what a test of everything around a boot
/// needs.</summary>
internal sealed class FakeKernel : IDisposable
{
    public const string Release = "6.1.0-test";
    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.Path;

    public void Dispose() => _folder.Dispose();

    /// <summary>A tree as a package has it.</summary>
    /// <param name="name">Below the folder.</param>
    /// <param name="hasKvm">Whether there is a module for it.</param>
    /// <param name="image">Bytes of the image; null for a head that says it is for x86-64.</param>
    public string Tree(string name, bool hasKvm = true, byte[]? image = null)
    {
        string tree = Path.Combine(Folder, name), modules = Path.Combine(tree, "lib", "modules", Release);
        Directory.CreateDirectory(modules);
        Directory.CreateDirectory(Path.Combine(tree, "boot"));
        File.WriteAllBytes(Path.Combine(tree, "boot", $"vmlinuz-{Release}"), image ?? Image());
        if (hasKvm) Module(modules, "kvm", "irqbypass");
        Module(modules, "irqbypass", "");
        return tree;
    }

    public static byte[] Image()
    {
        byte[] image = new byte[4096];
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        image[0x236] = 1;
        return image;
    }

    public static void Module(string folder, string name, string depends) =>
        File.WriteAllBytes(Path.Combine(folder, $"{name}.ko"), Encoding.ASCII.GetBytes($"ELF\0license=GPL\0depends={depends}\0"));

    /// <summary>A folder with programs named as QEMU and busybox; QEMU is the script, in which <c>$disk0</c> and <c>$console</c>
    /// are files of the guest.</summary>
    public string Programs(string qemu)
    {
        string folder = Path.Combine(Folder, $"bin{Random.Shared.Next()}");
        Directory.CreateDirectory(folder);
        Write("busybox", "#!/bin/sh\n");
        Write("qemu-system-x86_64", $$"""
            #!/bin/bash
            for word; do
                case $word in
                    file:*) console=${word#file:};;
                    file=*disk0,*) disk0=${word#file=}; disk0=${disk0%%,*};;
                esac
            done
            {{qemu}}

            """);
        return folder;

        void Write(string name, string text)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllText(path, text);
            UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            if (OperatingSystem.IsLinux()) File.SetUnixFileMode(path, mode);
        }
    }
}
