using System.Buffers.Binary;
using System.Diagnostics;
using Lab.Measure;
using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>A kernel to boot: its image, and where its modules lie. Found in a tree (a package that was unpacked, a build), on
/// this host (<c>/</c>), or in Debian packages, which are unpacked into a folder that goes with this object.</summary>
public sealed class GuestKernel : IDisposable
{
    /// <summary>Of struct setup_header (Documentation/arch/x86/boot.rst): the magic, and whether there is an entry for 64
    /// bits.</summary>
    private const int MagicAt = 0x202, LoadFlagsAt = 0x236, HeadBytes = 0x240;

    private const string Host = "/";

    private const string WhatIsWanted = "a kernel's build tree, a Debian package of a kernel (*.deb, several joined by commas), "
        + "a tree that one was unpacked into, or /";

    private readonly string? _unpacked;

    private GuestKernel(string asked, string image, string tree, string? unpacked)
    {
        (Asked, Image, _unpacked) = (asked, image, unpacked);
        Modules = new ModuleTree(tree);
    }

    /// <summary>As it was named.</summary>
    public string Asked { get; }

    /// <summary>A bzImage for 64 bits.</summary>
    public string Image { get; }

    public ModuleTree Modules { get; }

    /// <param name="asked">A tree, or packages joined by commas.</param>
    /// <param name="scratch">An existing folder, into which packages are unpacked.</param>
    /// <exception cref="UsageException">There is no such kernel, it is for another machine, it has no KVM, or its package is
    /// damaged.</exception>
    public static GuestKernel Find(string asked, string scratch) =>
        Find(asked, scratch, Host, EnvironmentFingerprint.Read().Kernel);

    /// <param name="asked">A tree, or packages joined by commas.</param>
    /// <param name="scratch">An existing folder, into which packages are unpacked.</param>
    /// <param name="host">What lies in / .</param>
    /// <param name="running">Release of the kernel that runs there.</param>
    internal static GuestKernel Find(string asked, string scratch, string host, string running)
    {
        if (asked.Length == 0) throw new UsageException($"--kernel is empty; name {WhatIsWanted}.");
        if (Directory.Exists(asked) && Path.GetFullPath(asked) == Host) return OfHost(asked, host, running);
        if (Directory.Exists(asked)) return InTree(asked, asked, null);
        string[] packages = asked.Split(',');
        if (packages.FirstOrDefault(package => !File.Exists(package)) is { } missing)
        {
            throw new UsageException($"There is no '{missing}'; --kernel takes {WhatIsWanted}.");
        }
        string tree = Path.Combine(scratch, $"kernel-{Random.Shared.GetHexString(6, lowercase: true)}");
        Directory.CreateDirectory(tree);
        try
        {
            foreach (string package in packages) Unpack(package, tree);
            return InTree(asked, tree, tree);
        }
        catch
        {
            // A kernel that was found and refused has taken it along.
            if (Directory.Exists(tree)) Directory.Delete(tree, recursive: true);
            throw;
        }
    }

    public void Dispose()
    {
        if (_unpacked is not null && Directory.Exists(_unpacked)) Directory.Delete(_unpacked, recursive: true);
    }

    private static GuestKernel InTree(string asked, string tree, string? unpacked)
    {
        string build = Path.Combine(tree, "arch", "x86", "boot", "bzImage");
        if (File.Exists(build)) return Checked(new GuestKernel(asked, build, tree, unpacked));
        string release = Releases(tree).MaxBy(Version)
            ?? throw new UsageException($"There is no kernel in '{asked}': neither arch/x86/boot/bzImage nor boot/vmlinuz-* with "
                + "lib/modules; build it, or unpack the package that has the image and the one that has its modules.");
        return Installed(asked, tree, release, unpacked);
    }

    /// <summary>The kernel that runs, if it is installed; a container and some virtual machines have another or none.</summary>
    private static GuestKernel OfHost(string asked, string host, string running)
    {
        string[] releases = [.. Releases(host)];
        if (releases.Length == 0)
        {
            throw new UsageException($"Linux {running}, which runs here, has not left both its image and its modules on this "
                + "host, and no other kernel is installed: apt-get install --no-install-recommends linux-image-cloud-amd64, or "
                + "name another with --kernel.");
        }
        return Installed(asked, host, releases.Contains(running) ? running : releases.MaxBy(Version)!, null);
    }

    private static GuestKernel Installed(string asked, string tree, string release, string? unpacked)
    {
        string modules = ModuleFolders(tree).First(
            folder => Path.GetFileName(folder) == release && ImageOf(tree, folder, release) is not null);
        return Checked(new GuestKernel(asked, ImageOf(tree, modules, release)!, modules, unpacked));
    }

    /// <summary>Those of which both the image and the modules are there.</summary>
    private static IEnumerable<string> Releases(string tree) =>
        ModuleFolders(tree).Where(folder => ImageOf(tree, folder, Path.GetFileName(folder)) is not null)
            .Select(folder => Path.GetFileName(folder)!);

    private static IEnumerable<string> ModuleFolders(string tree) =>
        ((string[])[Path.Combine(tree, "usr", "lib", "modules"), Path.Combine(tree, "lib", "modules")])
            .Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories);

    private static string? ImageOf(string tree, string modules, string release) =>
        ((string[])[Path.Combine(modules, "vmlinuz"), Path.Combine(tree, "boot", $"vmlinuz-{release}"),
            Path.Combine(tree, "usr", "lib", "linux", $"vmlinuz-{release}")]).FirstOrDefault(File.Exists);

    /// <summary>The numbers that a release begins with, for the newest.</summary>
    private static Version Version(string release)
    {
        string numbers = new([.. release.TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.')]);
        return System.Version.TryParse(numbers.Trim('.'), out Version? version) ? version : new Version(0, 0);
    }

    private static GuestKernel Checked(GuestKernel kernel)
    {
        try
        {
            RefuseOther(kernel);
            kernel.Modules.RefuseWithoutKvm(kernel.Asked);
            return kernel;
        }
        catch
        {
            kernel.Dispose();
            throw;
        }
    }

    private static void RefuseOther(GuestKernel kernel)
    {
        byte[] head = new byte[HeadBytes];
        int read;
        try
        {
            using FileStream image = File.OpenRead(kernel.Image);
            read = image.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"'{kernel.Image}' cannot be read by this user: copy it with its modules, or give the "
                + "kernel's package.");
        }
        bool isX64 = read == HeadBytes && head.AsSpan(MagicAt).StartsWith("HdrS"u8)
            && (BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(LoadFlagsAt)) & 1) != 0;
        if (!isX64) throw new UsageException($"'{kernel.Image}' is no kernel for x86-64 (or only part of one); lab guest boots "
            + "bzImages for 64 bits, as Debian's amd64 packages have them.");
    }

    /// <summary>What the package's own description and content say is checked before anything is unpacked.</summary>
    private static void Unpack(string package, string tree)
    {
        string tool = HostProgram.Need("dpkg-deb", "dpkg");
        (int code, string architecture, string error) = Ask(tool, "--field", package, "Architecture");
        if (code != 0) throw Damaged(package, error);
        if (architecture.Trim() is not ("amd64" or "all") and var other)
        {
            throw new UsageException($"'{package}' is for {other}; lab guest boots kernels for amd64.");
        }
        (code, _, error) = Ask(tool, "--extract", package, tree);
        if (code != 0) throw Damaged(package, error);
    }

    private static UsageException Damaged(string package, string error)
    {
        string why = error.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "dpkg-deb does not say why";
        return error.Contains("No space left", StringComparison.Ordinal)
            ? new UsageException($"'{package}' does not fit on the disk of --out; make room, or name a folder on another.")
            : new UsageException($"'{package}' is damaged or no Debian package ({why.Replace("dpkg-deb: error: ", "",
                StringComparison.Ordinal)}); download it again.");
    }

    private static (int Code, string Out, string Error) Ask(string program, params string[] arguments)
    {
        ProcessStartInfo start =
            new(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
