using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace Lab.Application.Guests;

/// <summary>The two disks to which a guest writes, alternately, all that there is. Read when the guest is gone, however it
/// went.</summary>
internal sealed class GuestDisk
{
    private const long Bytes = 1L << 30;
    private readonly string[] _paths;

    /// <summary>Makes the disks: files that take up no room before something is written.</summary>
    public GuestDisk(string folder)
    {
        _paths = [Path.Combine(folder, "disk0"), Path.Combine(folder, "disk1")];
        foreach (string path in _paths)
        {
            using FileStream file = new(path, FileMode.Create);
            file.SetLength(Bytes);
        }
    }

    public IReadOnlyList<string> Paths => _paths;

    /// <summary>Text of a control file in the newest tar; null if there is none.</summary>
    public string? Text(string name)
    {
        foreach (TarEntry entry in Newest() is { } disk ? Entries(disk) : [])
        {
            if (entry.Name == name && entry.DataStream is { } content)
            {
                using StreamReader reader = new(content, Encoding.UTF8);
                return reader.ReadToEnd();
            }
        }
        return null;
    }

    /// <summary>Unpacks the files that the lab left in its working directory, each where the caller wants it.</summary>
    /// <param name="place">Path on the host of a file below the working directory; null leaves it.</param>
    public void Unpack(Func<string, string?> place)
    {
        if (Newest() is not { } disk) return;
        foreach (TarEntry entry in Entries(disk))
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) continue;
            if (!entry.Name.StartsWith(GuestInit.Work, StringComparison.Ordinal)) continue;
            string below = entry.Name[GuestInit.Work.Length..];
            // A guest is not trusted with where its files go.
            if (below.Split('/').Contains("..") || place(below) is not { } path) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            entry.ExtractToFile(path, overwrite: true);
        }
    }

    public void Delete()
    {
        foreach (string path in _paths) File.Delete(path);
    }

    /// <summary>The one that was written last; null if none was.</summary>
    private string? Newest() =>
        _paths.Select(path => (Path: path, Number: NumberOf(path))).Where(disk => disk.Number > 0)
            .OrderByDescending(disk => disk.Number).Select(disk => disk.Path).FirstOrDefault();

    private static int NumberOf(string path)
    {
        byte[] head = new byte[16];
        using FileStream file = File.OpenRead(path);
        file.ReadExactly(head);
        string text = Encoding.ASCII.GetString(head).Split('\n')[0];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    private static IEnumerable<TarEntry> Entries(string path)
    {
        using FileStream file = File.OpenRead(path);
        file.Position = GuestInit.TarAt;
        using TarReader reader = new(file);
        while (reader.GetNextEntry() is { } entry) yield return entry;
    }
}
