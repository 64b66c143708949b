using System.Diagnostics;
using Lab.Application.Guests;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary>Which kernels are taken, and in which words others are refused; nothing is left behind.</summary>
public sealed class GuestKernelTests : IDisposable
{
    private readonly FakeKernel _fake = new();

    public void Dispose() => _fake.Dispose();

    private string Refusal(string asked)
    {
        string scratch = Path.Combine(_fake.Folder, "scratch");
        Directory.CreateDirectory(scratch);
        string message = Assert.Throws<UsageException>(() => GuestKernel.Find(asked, scratch)).Message;
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch));
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private string Package(string name, string architecture, string tree)
    {
        string root = Path.Combine(_fake.Folder, $"{name}.root"), package = Path.Combine(_fake.Folder, $"{name}.deb");
        Directory.Move(tree, root);
        Directory.CreateDirectory(Path.Combine(root, "DEBIAN"));
        File.WriteAllText(Path.Combine(root, "DEBIAN", "control"),
            $"Package: linux-test\nVersion: 1\nArchitecture: {architecture}\nMaintainer: nobody\nDescription: a test\n");
        using Process build = Process.Start(new ProcessStartInfo("dpkg-deb", ["--build", "--root-owner-group", root, package])
            { RedirectStandardOutput = true })!;
        build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        return package;
    }

    [Fact]
    public void A_tree_is_taken_with_its_newest_kernel_that_has_an_image()
    {
        string tree = _fake.Tree("tree");
        Directory.CreateDirectory(Path.Combine(tree, "lib", "modules", "7.0.0-without-image"));
        using GuestKernel kernel = GuestKernel.Find(tree, _fake.Folder);
        Assert.EndsWith($"vmlinuz-{FakeKernel.Release}", kernel.Image, StringComparison.Ordinal);
        Assert.Equal(["irqbypass", "kvm"], kernel.Modules.Closure(["kvm", "absent"]).Select(module => module.Name));
    }

    [Fact]
    public void A_build_tree_is_taken_as_it_is()
    {
        string boot = Path.Combine(_fake.Folder, "build", "arch", "x86", "boot"), kvm = Path.Combine(boot, "..", "kvm");
        Directory.CreateDirectory(boot);
        Directory.CreateDirectory(kvm);
        File.WriteAllBytes(Path.Combine(boot, "bzImage"), FakeKernel.Image());
        FakeKernel.Module(kvm, "kvm", "");
        using GuestKernel kernel = GuestKernel.Find(Path.Combine(_fake.Folder, "build"), _fake.Folder);
        Assert.EndsWith("bzImage", kernel.Image, StringComparison.Ordinal);
    }

    [Fact]
    public void Packages_are_unpacked_and_the_unpacked_goes_with_the_kernel()
    {
        string package = Package("whole", "amd64", _fake.Tree("whole"));
        string scratch = Path.Combine(_fake.Folder, "for-package");
        Directory.CreateDirectory(scratch);
        using (GuestKernel kernel = GuestKernel.Find(package, scratch)) Assert.True(File.Exists(kernel.Image));
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch));
    }

    [Fact]
    public void A_truncated_package_a_file_that_is_none_and_one_of_another_architecture_are_refused()
    {
        string package = Package("whole", "amd64", _fake.Tree("whole")), cut = Path.Combine(_fake.Folder, "cut.deb");
        File.WriteAllBytes(cut, File.ReadAllBytes(package)[..^200]);
        Assert.Contains("cut.deb' is damaged or no Debian package", Refusal(cut));
        string none = Path.Combine(_fake.Folder, "none.deb");
        File.WriteAllText(none, "not a package");
        Assert.Contains("download it again", Refusal(none));
        Assert.Contains("is for arm64; lab guest boots kernels for amd64", Refusal(Package("arm", "arm64", _fake.Tree("arm"))));
        Assert.StartsWith("There is no '", Refusal(Path.Combine(_fake.Folder, "absent.deb")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_without_KVM_or_for_another_machine_is_refused_before_it_is_booted()
    {
        Assert.Contains("has no KVM, neither as a module nor built in", Refusal(_fake.Tree("bare", hasKvm: false)));
        Assert.Contains("for a split package all its parts",
            Refusal(Package("part", "amd64", _fake.Tree("part", hasKvm: false))));
        Assert.Contains("is no kernel for x86-64", Refusal(_fake.Tree("arm", image: [.. "MZ"u8, .. new byte[5000]])));
        Assert.Contains("is no kernel for x86-64", Refusal(_fake.Tree("short", image: FakeKernel.Image()[..0x210])));
        Directory.CreateDirectory(Path.Combine(_fake.Folder, "empty"));
        Assert.Contains("There is no kernel in", Refusal(Path.Combine(_fake.Folder, "empty")));
        Assert.Contains("--kernel is empty", Refusal(""));
    }

    /// <summary>With a tree in its stead: what is installed on the machine of a test is its own affair.</summary>
    [Theory]
    [InlineData(FakeKernel.Release, FakeKernel.Release)]
    [InlineData("6.9.9-of-another-host", "9.0.0-newest")]
    [InlineData("9.9.9-without-image", "9.0.0-newest")]
    public void Of_this_host_the_kernel_that_runs_is_taken_or_where_that_is_not_installed_the_newest(string running, string taken)
    {
        string host = _fake.Tree("host"), newest = Path.Combine(host, "lib", "modules", "9.0.0-newest");
        Directory.CreateDirectory(newest);
        Directory.CreateDirectory(Path.Combine(host, "lib", "modules", "9.9.9-without-image"));
        File.WriteAllBytes(Path.Combine(newest, "vmlinuz"), FakeKernel.Image());
        FakeKernel.Module(newest, "kvm", "");
        using GuestKernel kernel = GuestKernel.Find("/", _fake.Folder, host, running);
        Assert.EndsWith(taken, kernel.Image.Replace("/vmlinuz", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Single(kernel.Modules.Closure(["kvm"]), module => module.Name == "kvm");
    }

    [Fact]
    public void A_host_without_a_kernel_to_boot_is_told_what_to_install()
    {
        string host = Path.Combine(_fake.Folder, "bare-host");
        Directory.CreateDirectory(host);
        string why = Assert.Throws<UsageException>(() => GuestKernel.Find("/", _fake.Folder, host, "6.18.1-other")).Message;
        Assert.StartsWith("Linux 6.18.1-other, which runs here, has not left both its image and its modules", why,
            StringComparison.Ordinal);
        Assert.Contains("apt-get install --no-install-recommends linux-image-cloud-amd64", why);
        Assert.DoesNotContain('\n', why);
    }

    /// <summary>As distributions ship them that keep an image from users. Root reads it all the same.</summary>
    [Fact]
    public void An_image_that_this_user_cannot_read_is_said_to_be_one()
    {
        string host = _fake.Tree("closed"), image = Path.Combine(host, "boot", $"vmlinuz-{FakeKernel.Release}");
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(image, UnixFileMode.None);
        if (Environment.IsPrivilegedProcess)
        {
            GuestKernel.Find("/", _fake.Folder, host, FakeKernel.Release).Dispose();
            return;
        }
        Assert.EndsWith("cannot be read by this user: copy it with its modules, or give the kernel's package.",
            Assert.Throws<UsageException>(() => GuestKernel.Find("/", _fake.Folder, host, FakeKernel.Release)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_with_KVM_built_in_needs_no_module()
    {
        string tree = _fake.Tree("builtin", hasKvm: false);
        string list = Path.Combine(tree, "lib", "modules", FakeKernel.Release, "modules.builtin");
        File.WriteAllText(list, "kernel/arch/x86/kvm/kvm.ko\n");
        using GuestKernel kernel = GuestKernel.Find(tree, _fake.Folder);
        Assert.Empty(kernel.Modules.Closure(["kvm"]));
    }
}
