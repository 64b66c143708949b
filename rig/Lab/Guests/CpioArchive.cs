using System.Globalization;
using System.Text;

namespace Lab.Application.Guests;

/// <summary>An initramfs being written: the "newc" format of cpio (Documentation/driver-api/early-userspace/buffer-format.rst).
/// Everything belongs to root. One thread.</summary>
public sealed class CpioArchive(Stream to)
{
    private const int Directory = 0x41ed, Executable = 0x81ed, Link = 0xa1ff;
    private const string Trailer = "TRAILER!!!";
    private readonly HashSet<string> _names = [];
    private long _written;
    private int _inode;

    /// <summary>A directory and, before it, those that it lies in, as far as they are not there yet.</summary>
    public void AddDirectory(string name)
    {
        if (name.Length == 0 || !_names.Add(name)) return;
        AddDirectory(Path.GetDirectoryName(name) ?? "");
        Header(name, Directory, 0);
    }

    /// <summary>A file that may be executed, in a directory that is made if it must be.</summary>
    /// <param name="name">From the root, without a slash in front.</param>
    /// <param name="content">Its bytes, read to the end of its length.</param>
    public void Add(string name, Stream content)
    {
        Begin(name);
        Header(name, Executable, content.Length);
        long before = content.Position;
        content.CopyTo(to);
        _written += content.Position - before;
        Pad();
    }

    public void Add(string name, string text)
    {
        using MemoryStream content = new(Encoding.UTF8.GetBytes(text));
        Add(name, content);
    }

    public void AddFile(string name, string path)
    {
        using FileStream content = File.OpenRead(path);
        Add(name, content);
    }

    public void AddLink(string name, string target)
    {
        Begin(name);
        byte[] text = Encoding.UTF8.GetBytes(target);
        Header(name, Link, text.Length);
        to.Write(text);
        _written += text.Length;
        Pad();
    }

    /// <summary>Writes the end; nothing can be added any more.</summary>
    public void End() => Header(Trailer, 0, 0);

    private void Begin(string name)
    {
        AddDirectory(Path.GetDirectoryName(name) ?? "");
        if (!_names.Add(name)) throw new ArgumentException($"'{name}' is in the archive already.", nameof(name));
    }

    /// <summary>Magic and thirteen numbers of eight hexadecimal digits, the name with a zero, zeroes up to a multiple of
    /// four.</summary>
    private void Header(string name, int mode, long bytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        int links = mode == Directory ? 2 : 1;
        long[] fields = [++_inode, mode, 0, 0, links, 0, bytes, 0, 0, 0, 0, text.Length + 1, 0];
        string head = "070701" + string.Concat(fields.Select(field => field.ToString("X8", CultureInfo.InvariantCulture)));
        to.Write(Encoding.ASCII.GetBytes(head));
        to.Write(text);
        to.WriteByte(0);
        _written += head.Length + text.Length + 1;
        Pad();
    }

    private void Pad()
    {
        for (; _written % 4 != 0; _written++) to.WriteByte(0);
    }
}
